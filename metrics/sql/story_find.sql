-- Deployments that $text may mean, newest first: its id, a prefix or suffix of its id, service@version, service@sha.
-- rank: 1 the id itself, 2 service@version in production, 3 elsewhere, 4 part of an id.
select
    deployment_id, service, version, environment, finished_at,
    case
        when deployment_id = $text then 1
        when service = $service and (version = $version or starts_with(sha, $sha))
            then case when is_production then 2 else 3 end
        else 4
    end as rank
from deployment_facts
where deployment_id = $text or starts_with(deployment_id, $text) or ends_with(deployment_id, $text)
   or (service = $service and (version = $version or starts_with(sha, $sha)))
order by rank, finished_at desc, deployment_id
limit 200
