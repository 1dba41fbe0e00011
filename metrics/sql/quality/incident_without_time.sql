-- One row per production incident of which neither impact nor detection is known.
select service, incident_id as subject, 'nobody knows when it began' as detail, null::double as seconds, 1 as rows, 0 as changes
from incident_facts where impact_started_at is null and detected_at is null
