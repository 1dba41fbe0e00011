-- One row per verification of deployment $id, in order; a tool may name it with or without the source.
select coalesce(name, '') as name, coalesce(status, 'unknown') as status, started_at, finished_at, url
from verifications
where deployment = $id or (source = $source and deployment = $bare_id)
order by coalesce(started_at, finished_at), id
