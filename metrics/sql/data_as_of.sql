-- One row: the newest moment until $now that any record knows of, null without one. A record of the future says nothing of what
-- happened until then. Commit and author clocks are left out: they are those of any machine.
select greatest(
    (select max(created_at) from deployments where created_at <= $now::timestamp),
    (select max(finished_at) from deployments where finished_at <= $now::timestamp),
    (select max(created_at) from pipeline_runs where created_at <= $now::timestamp),
    (select max(finished_at) from pipeline_runs where finished_at <= $now::timestamp),
    (select max(finished_at) from verifications where finished_at <= $now::timestamp),
    (select max(detected_at) from incidents where detected_at <= $now::timestamp),
    (select max(acknowledged_at) from incidents where acknowledged_at <= $now::timestamp),
    (select max(mitigated_at) from incidents where mitigated_at <= $now::timestamp),
    (select max(resolved_at) from incidents where resolved_at <= $now::timestamp),
    (select max(opened_at) from pull_requests where opened_at <= $now::timestamp),
    (select max(first_review_at) from pull_requests where first_review_at <= $now::timestamp),
    (select max(merged_at) from pull_requests where merged_at <= $now::timestamp),
    (select max(changed_at) from flag_changes where changed_at <= $now::timestamp),
    (select max(sampled_at) from telemetry_samples where sampled_at <= $now::timestamp)
)
