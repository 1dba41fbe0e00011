-- One row per production incident that is linked to no deployment, with the reason; its service where it concerns only one.
with alone as (
    select incident_id, [service] as services from incident_facts where shared is null and deployment_id is null
    union all
    select incident_id, list(service) from incident_facts where shared is not null group by incident_id having count(deployment_id) = 0
), unlinked as (
    select a.incident_id, a.services, i.deployment, i.version, i.sha, i.pull_request
    from alone a join incidents i on i.source || '/' || i.id = a.incident_id
), meant as (
    select u.incident_id, u.services, d.* from unlinked u join deployments d on d.id = u.deployment
    union
    select u.incident_id, u.services, d.* from unlinked u join deployments d on d.source || '/' || d.id = u.deployment
), judged as (
    select m.incident_id, m.source || '/' || m.id as full_id, m.status, list_contains(m.services, n.service) as own, e.is_production
    from meant m
    left join known_names n on n.named_service is not distinct from m.service and n.named_repository is not distinct from m.repository
    left join known_environments e on e.environment is not distinct from m.environment and e.service is not distinct from n.judged_as
), told as (
    select incident_id,
           case when not coalesce(bool_or(own), false) then 'which is of another service'
                when not bool_or(own and is_production) then 'which is not in production'
                when not bool_or(own and is_production and status = 'succeeded') then 'which did not succeed'
                else 'as several are called: ' || string_agg(distinct full_id, ', ' order by full_id) filter (own) end as why
    from judged group by incident_id
)
select if(len(services) = 1, services[1], null) as service, incident_id as subject,
       case when deployment is not null then format('it names deployment {}, {}', deployment, coalesce(why, 'of which there is no record'))
            when version is not null then format('it names version {}, which was not deployed', version)
            when sha is not null then format('it names commit {}, which no known deployment brought or deployed', sha)
            when pull_request is not null then format('it names pull request #{}, which no known deployment brought', pull_request)
            else 'it names no deployment, version, commit or pull request' end as detail,
       null::double as seconds, 1 as rows, 0 as changes
from unlinked left join told using (incident_id)
