-- Deployments that $text may mean, newest first: its id, a prefix or suffix of its id, service@version, service@sha, a version.
-- rank: 1 the id itself, 2 service@version in production, 3 elsewhere, 4 a version
-- in production, 5 part of an id.
select
    deployment_id, service, version, environment, finished_at,
    case
        when deployment_id = $text then 1
        when service = $service and (version = $version or starts_with(sha, $sha))
            then case when is_production then 2 else 3 end
        when version = $text and is_production then 4
        else 5
    end as rank
from deployment_facts
where deployment_id = $text or starts_with(deployment_id, $text) or ends_with(deployment_id, $text)
   or (version = $text and is_production)
   or (service = $service and (version = $version or starts_with(sha, $sha)))
order by rank, finished_at desc, deployment_id
limit 200
