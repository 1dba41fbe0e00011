-- One row per incident record that belongs to no known service. $production: the names of the production environments.
select null::varchar as service, i.source || '/' || i.id as subject,
       coalesce('it names ' || coalesce(i.service, i.repository) || ', which no [[service]] is', 'it names no service') as detail,
       null::double as seconds, 1 as rows, 0 as changes
from incidents i
where (i.environment is null or list_contains($production::varchar[], i.environment))
    and i.source || '/' || i.id not in (select incident_id from incident_facts)
