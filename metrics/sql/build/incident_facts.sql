-- One row per production incident and known service, linked to the deployment that the ledger blames for it. Where
-- several lines hold such evidence, the service's own counts before others', then the last by service and environment.
insert into incident_facts by name
with linked as (
    select e.evidence_id as incident_id, e.deployment_id, s.service as blamed, e.environment
    from failure_evidence e left join services s on s.position = e.service_position
    where e.kind = 'linked_incident'
), known as (
    select service_position, source || '/' || id as incident_id, known_service as service, title, severity, impact_started_at,
           detected_at, acknowledged_at, mitigated_at, resolved_at, url
    from placed_incidents
)
select k.*, if(count(distinct k.service) over same > 1, (md5_number_lower(k.incident_id) >> 1)::bigint, null) as shared, l.deployment_id
from known k left join linked l using (incident_id)
window same as (partition by k.incident_id)
qualify row_number() over (partition by k.incident_id, k.service order by l.blamed = k.service desc, l.blamed desc, l.environment desc) = 1
order by k.service_position, k.detected_at nulls last, k.incident_id;
