-- One row: the newest moment that any record knows of, null without records.
-- Commit and author clocks are left out: a skewed clock would move it into the future.
select greatest(
    (select max(greatest(created_at, finished_at)) from deployments),
    (select max(greatest(created_at, finished_at)) from pipeline_runs),
    (select max(greatest(detected_at, resolved_at)) from incidents),
    (select max(greatest(opened_at, merged_at)) from pull_requests),
    (select max(changed_at) from flag_changes),
    (select max(sampled_at) from telemetry_samples)
)
