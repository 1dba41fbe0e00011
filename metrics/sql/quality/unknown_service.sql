-- One row per service, else repository, that deployments name and no [[service]] does. rows: its deployments that succeeded in
-- production. $production: the names of the production environments.
with names as (
    select service as name from services union select unnest(aliases) from services
)
select null::varchar as service, coalesce(d.service, d.repository, 'no name') as subject,
       'deployments name it, but no [[service]] does' as detail, null::double as seconds,
       count(*) filter (d.status = 'succeeded' and list_contains($production::varchar[], d.environment)) as rows, 0 as changes
from deployments d
where case when d.service is not null then d.service not in (select name from names)
           else d.repository is null or d.repository not in (select repository from services where repository is not null) end
group by 2
