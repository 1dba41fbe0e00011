-- One row per production incident that names no known deployment, version, commit or pull request; its service where it
-- concerns only one.
select if(count(*) = 1, any_value(service), null) as service, incident_id as subject,
       'it names no deployment, version, commit or pull request' as detail, null::double as seconds, 1 as rows, 0 as changes
from incident_facts
group by incident_id having count(deployment_id) = 0
