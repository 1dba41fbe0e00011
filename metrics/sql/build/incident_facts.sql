-- One row per production incident of `placed_incidents` and known service, linked to the deployment that the ledger blames for it, as
-- it names that or as people said, whose word comes first. Where several lines hold such evidence, the service's own counts before
-- others', then the last by service and environment.
-- Only incidents of several rows are compared among each other: that takes longer than all the rest.
insert into incident_facts by name
with linked as (
    select e.evidence_id as incident_id, e.deployment_id, s.service as blamed, e.environment, e.kind = 'override' as decided
    from failure_evidence e left join services s on s.position = e.service_position
    where e.kind in ('linked_incident', 'override')
), known as (
    select service_position, source || '/' || id as incident_id, known_service as service, title, severity, impact_started_at,
           detected_at, acknowledged_at, mitigated_at, resolved_at, url
    from placed_incidents
), found as (
    select k.*, l.deployment_id, l.blamed, l.environment, l.decided from known k left join linked l using (incident_id)
), several as (
    select incident_id from found group by incident_id having count(*) > 1
)
select * exclude (blamed, environment, decided), null::bigint as shared from found where incident_id not in (from several)
union all
select * exclude (blamed, environment, decided), if(count(distinct service) over same > 1, (md5_number_lower(incident_id) >> 1)::bigint, null) as shared
from found where incident_id in (from several)
window same as (partition by incident_id)
qualify row_number() over (partition by incident_id, service order by decided desc, blamed = service desc, blamed desc, environment desc, deployment_id desc) = 1
order by service_position, detected_at nulls last, incident_id;
