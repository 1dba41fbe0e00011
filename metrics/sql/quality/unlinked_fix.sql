-- One row per production incident that names no pull request as its fix, but a deployment that is none of its service's, or did not
-- succeed in production.
with told as (
    select source || '/' || id as incident_id, fix_deployment from incidents where fix_deployment is not null and fix_pull_request is null
), named as (
    select incident_id, f.service, t.fix_deployment from incident_facts f join told t using (incident_id)
), found as (
    select n.incident_id
    from named n join called_names c on c.name = n.fix_deployment and c.known_service = n.service
    join known_environments e on e.environment is not distinct from c.environment and e.service is not distinct from c.judged_as
    where e.is_production and c.status = 'succeeded' and c.finished_at is not null
)
select null::varchar as service, incident_id as subject,
       format('its fix is deployment {}, which is none of its service that succeeded in production', fix_deployment) as detail,
       null::double as seconds, 1 as rows, 0 as changes
from named where incident_id not in (from found) group by incident_id, fix_deployment
