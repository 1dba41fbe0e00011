-- One row per incident of $service tied to deployment $id, or whose impact or detection lies in [$start, $end).
select
    incident_id, coalesce(title, '') as title, severity, impact_started_at, detected_at, acknowledged_at,
    mitigated_at, resolved_at, deployment_id is not distinct from $id as is_linked, url
from incident_facts
where deployment_id = $id
   or (service = $service and coalesce(impact_started_at, detected_at) >= $start
       and coalesce(impact_started_at, detected_at) < $end)
order by coalesce(impact_started_at, detected_at), incident_id
