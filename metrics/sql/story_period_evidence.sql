-- One row per piece of evidence known at $as_of about production deployments finished in [$start, $end), in order;
-- empty lists of services, environments and teams mean all. A team owns what it owned when it was deployed.
select
    e.deployment_id, e.kind, e.evidence, e.evidence_id, e.evidence_at, e.recovery_id, e.recovered_at, e.confidence,
    e.decided_by, e.reason, e.candidates, d.finished_at
from failure_evidence e
join deployment_facts d using (deployment_id)
where d.is_production and d.status = 'succeeded' and d.finished_at >= $start and d.finished_at < $end
  and (len($services) = 0 or list_contains($services, d.service))
  and (len($environments) = 0 or list_contains($environments, d.environment))
  and (len($teams) = 0 or exists (
      from team_services t
      where list_contains($teams, t.team) and t.service = d.service
        and (t.owned_from is null or t.owned_from <= d.finished_at)
        and (t.owned_until is null or d.finished_at < t.owned_until)
  ))
  and (e.evidence_at is null or e.evidence_at <= $as_of)
order by d.finished_at, e.deployment_id, e.evidence_at, e.kind, e.evidence_id
