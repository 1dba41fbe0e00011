-- One row per incident record that belongs to no known service. $production: the names of the production environments.
-- What it says of a whole commit goes by the rule of build/placed_incidents.sql.
with lost as (
    select *, source || '/' || id as incident_id, length(sha) >= 40 and deployment is null and coalesce(service, repository) is null as whole
    from incidents
    where (environment is null or list_contains($production::varchar[], environment))
        and source || '/' || id not in (select incident_id from incident_facts)
), deployed as (
    select l.sha, list_sort(list(distinct c.known_service)) as services
    from (select distinct sha from lost where whole) l join called_deployments c using (sha) group by l.sha
), holding as (
    select c.sha, list_sort(list(distinct s.service)) as services
    from (select repository, sha from commits where sha in (select sha from lost where whole)) c
    join services s on s.repository = c.repository group by c.sha
)
select null::varchar as service, l.incident_id as subject,
       case when coalesce(l.service, l.repository) is not null then 'it names ' || coalesce(l.service, l.repository) || ', which no [[service]] is'
            when l.deployment is not null then 'it names no service, and deployment ' || l.deployment || ' is of none that is known, or of several'
            when len(coalesce(d.services, h.services)) = 1
                then format('it names no service, and {}, whose commit {} is, does not take {} for production', coalesce(d.services, h.services)[1], l.sha, l.environment)
            when d.sha is not null then format('it names no service, and several deployed commit {}: {}', l.sha, list_aggregate(d.services, 'string_agg', ', '))
            when h.sha is not null
                then format('it names no service, and commit {} is in a repository of several, of which no deployment names it in full: {}', l.sha, list_aggregate(h.services, 'string_agg', ', '))
            when l.whole then 'it names no service, and commit ' || l.sha || ' is of none that is known'
            else 'it names no service' end as detail,
       null::double as seconds, 1 as rows, 0 as changes
from lost l left join deployed d on l.whole and d.sha = l.sha left join holding h on l.whole and h.sha = l.sha
