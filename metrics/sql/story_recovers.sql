-- One row per deployment whose failure deployment $id ended, with the kinds of evidence that it ended.
select deployment_id, string_agg(distinct kind, ', ' order by kind) as why from failure_evidence
where recovery_id = $id and deployment_id <> $id and recovered_at <= $as_of
group by deployment_id
order by deployment_id
