-- One row per production incident of which neither impact nor detection is known; its service where it concerns only one.
select if(count(*) = 1, any_value(service), null) as service, incident_id as subject, 'nobody knows when it began' as detail, null::double as seconds, 1 as rows, 0 as changes
from incident_facts where impact_started_at is null and detected_at is null
group by incident_id
