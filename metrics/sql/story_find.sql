-- Deployments that $text may mean, newest first: its id, a prefix or suffix of its id, service@version, service@sha, a version.
-- rank: 1 the id itself, 2 service@version in production, 3 elsewhere, 4 a version
-- in production, 5 part of an id.  region: the id that $text means where it is that of one of several regions, whose
-- deployment is the one that counts.
with ids as (
    select deployment_id, deployment_id as id, null::varchar as region from deployment_facts
    where deployment_id = $text or starts_with(deployment_id, $text) or ends_with(deployment_id, $text)
    union all
    select deployment_id, region_deployment_id, region_deployment_id from region_facts
    where region_deployment_id <> deployment_id
        and (region_deployment_id = $text or starts_with(region_deployment_id, $text) or ends_with(region_deployment_id, $text))
), found as (
    select deployment_id, if(id = $text, 1, 5) as rank, region from ids
    union all
    select
        deployment_id,
        case when service = $service and (version = $version or starts_with(sha, $sha)) then if(is_production, 2, 3) else 4 end,
        null
    from deployment_facts
    where (version = $text and is_production) or (service = $service and (version = $version or starts_with(sha, $sha)))
), best as (
    select * from found qualify row_number() over (partition by deployment_id order by rank, region nulls first) = 1
)
select d.deployment_id, d.service, d.version, d.environment, d.finished_at, b.rank, b.region
from best b join deployment_facts d using (deployment_id)
order by b.rank, d.finished_at desc, d.deployment_id
limit 200
