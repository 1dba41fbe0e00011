-- One row per production incident and known service, linked to the deployment that the ledger blames for it. Where
-- several lines hold such evidence, the last by service and environment counts.
insert into incident_facts by name
with linked as (
    select e.evidence_id as incident_id, e.deployment_id
    from failure_evidence e left join services s on s.position = e.service_position
    where e.kind = 'linked_incident'
    qualify row_number() over (partition by e.evidence_id order by s.service desc, e.environment desc) = 1
), known as (
    select n.service_position, i.source || '/' || i.id as incident_id, n.service, i.title, i.severity, i.impact_started_at,
           i.detected_at, i.acknowledged_at, i.mitigated_at, i.resolved_at, i.url
    from incidents i
    join known_names n on n.named_service is not distinct from i.service and n.named_repository is not distinct from i.repository
    left join known_environments e on e.environment = i.environment and e.service is not distinct from n.judged_as
    where i.environment is null or e.is_production
)
select k.*, l.deployment_id from known k left join linked l using (incident_id)
order by k.service_position, k.detected_at nulls last, k.incident_id;
