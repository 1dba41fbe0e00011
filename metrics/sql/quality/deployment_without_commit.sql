-- One row per succeeded production deployment that records neither a version nor a commit.
with found as materialized (
    select service, deployment_id from deployment_facts
    where is_production and relation = 'unresolved' and version is null and sha is null
)
select f.service, f.deployment_id as subject, 'neither a version nor a commit is recorded' as detail,
       null::double as seconds, 1 as rows, coalesce(n.commits, 0) as changes
from found f
left join (
    select replaced_id, commits from deployment_facts
    where relation <> 'unresolved' and replaced_id in (select deployment_id from found)
) n on n.replaced_id = f.deployment_id
