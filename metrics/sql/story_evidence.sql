-- One row per piece of evidence known at $as_of about the deployments $ids, with when each finished.
-- about: the subject of the commit, the title of the incident or pull request, the name of the check it points to.
with held as materialized (
    select * from failure_evidence
    where list_contains($ids, deployment_id) and (evidence_at is null or evidence_at <= $as_of)
),
finished as (
    select deployment_id, finished_at, repository from deployment_facts
    where deployment_id in (select deployment_id from held)
)
select
    h.deployment_id, h.kind, h.evidence, h.evidence_id, h.evidence_at, h.recovery_id, h.recovered_at, h.confidence,
    h.decided_by, h.reason, h.candidates, f.finished_at,
    case h.evidence
        when 'commit' then (
            select any_value(c.subject) from commits c where c.repository = f.repository and c.sha = h.evidence_id
        )
        when 'incident' then (select any_value(i.title) from incident_facts i where i.incident_id = h.evidence_id)
        when 'verification' then (
            select any_value(v.name) from verifications v where v.source || '/' || v.id = h.evidence_id
        )
    end as about
from held h
join finished f using (deployment_id)
order by h.evidence_at nulls last, h.kind, h.evidence_id
