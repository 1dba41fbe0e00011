-- One row per piece of evidence about deployment $id that was known at $as_of, as the ledger holds it.
select
    deployment_id, kind, evidence, evidence_id, evidence_at, recovery_id, recovered_at, confidence, decided_by,
    reason, candidates
from failure_evidence
where deployment_id = $id and (evidence_at is null or evidence_at <= $as_of)
order by evidence_at nulls last, kind, evidence_id
