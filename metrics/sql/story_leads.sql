-- One row per change of the unit $change first shipped by one of $ids: the deployment and the change's clock $clock.
-- A pull request has no commit clock of its own: its first commit stands for `committed` and `authored`.
select
    d.deployment_id, deployed_at,
    case $clock
        when 'committed' then committed_at when 'authored' then authored_at when 'first_commit' then first_commit_at
        when 'opened' then opened_at when 'merged' then merged_at
    end as started_at
from changes c join deployment_facts d on d.number = c.deployment_number
where $change <> 'pull_request' and c.service = $service and c.environment = $environment and c.left_at >= $since
  and d.deployment_id in (select unnest($ids)) and ($bots or not is_bot)
  and ($change <> 'commit' or not is_merge) and ($change <> 'mainline' or mainline)
union all
select
    deployment_id, deployed_at,
    case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end as started_at
from pull_request_facts
where $change = 'pull_request' and service = $service and environment = $environment and deployed_at >= $since
  and deployment_id in (select unnest($ids)) and ($bots or not is_bot)
