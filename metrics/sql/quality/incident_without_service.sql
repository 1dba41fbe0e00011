-- One row per incident record that belongs to no known service. $production: the names of the production environments.
select null::varchar as service, i.source || '/' || i.id as subject,
       case when coalesce(i.service, i.repository) is not null then 'it names ' || coalesce(i.service, i.repository) || ', which no [[service]] is'
            when i.deployment is not null then 'it names no service, and deployment ' || i.deployment || ' is of none that is known, or of several'
            when length(i.sha) >= 40 then 'it names no service, and commit ' || i.sha || ' is of none that is known, or of several'
            else 'it names no service' end as detail,
       null::double as seconds, 1 as rows, 0 as changes
from incidents i
where (i.environment is null or list_contains($production::varchar[], i.environment))
    and i.source || '/' || i.id not in (select incident_id from incident_facts)
