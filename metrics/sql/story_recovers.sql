-- One row per deployment whose failure deployment $id ended, and by which kind of evidence.
select distinct deployment_id, kind as why from failure_evidence
where recovery_id = $id and deployment_id <> $id and recovered_at <= $as_of
order by 1, 2
