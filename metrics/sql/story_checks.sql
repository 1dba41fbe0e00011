-- One row per verification of deployment $id, in order. A tool may name it with or without its source: without, the check is of
-- the source's own, or only one deployment is called so. record: without the service that $bare_id ends in where a whole
-- repository was deployed; then also under the aliases of that service.
with record as (
    select id from deployments where source = $source and id in ($bare_id, regexp_replace($bare_id, '#[^#]*$', ''))
    order by length(id) desc limit 1
)
select coalesce(v.name, '') as name, coalesce(v.status, 'unknown') as status, v.started_at, v.finished_at, v.url
from verifications v cross join record r
where v.deployment in ($id, $source || '/' || r.id)
   or v.deployment in (select left($id, -length(service)) || alias from former_names where $bare_id = (select id from record) || '#' || service)
   or (v.deployment = r.id and (v.source = $source or (select count(*) from deployments where id = r.id) = 1))
order by coalesce(v.started_at, v.finished_at), v.id
