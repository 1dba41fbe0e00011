-- One row per production incident and known service, linked to the deployment that the ledger blames for it. Where
-- several lines hold such evidence, the service's own counts before others', then the last by service and environment.
insert into incident_facts by name
with linked as (
    select e.evidence_id as incident_id, e.deployment_id, s.service as blamed, e.environment
    from failure_evidence e left join services s on s.position = e.service_position
    where e.kind = 'linked_incident'
), known as (
    select n.service_position, i.source || '/' || i.id as incident_id, n.service, i.title, i.severity, i.impact_started_at,
           i.detected_at, i.acknowledged_at, i.mitigated_at, i.resolved_at, i.url
    from incidents i
    join known_names n on n.named_service is not distinct from i.service and n.named_repository is not distinct from i.repository
    left join known_environments e on e.environment = i.environment and e.service is not distinct from n.judged_as
    where i.environment is null or e.is_production
)
select k.*, if(count(distinct k.service) over same > 1, (md5_number_lower(k.incident_id) >> 1)::bigint, null) as shared, l.deployment_id
from known k left join linked l using (incident_id)
window same as (partition by k.incident_id)
qualify row_number() over (partition by k.incident_id, k.service order by l.blamed = k.service desc, l.blamed desc, l.environment desc) = 1
order by k.service_position, k.detected_at nulls last, k.incident_id;
