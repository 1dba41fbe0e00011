-- One row per production incident that names no known deployment, version, commit or pull request.
select service, incident_id as subject, 'it names no deployment, version, commit or pull request' as detail,
       null::double as seconds, 1 as rows, 0 as changes
from incident_facts where deployment_id is null
