-- Up to $count rows: succeeded deployments of $service to $environment that finished before $before, newest first.
select deployment_id, version, finished_at, relation, commits, changes, mainline_changes, pull_requests, lines
from deployment_facts
where service = $service and environment = $environment and status = 'succeeded' and finished_at < $before
order by finished_at desc, deployment_id desc
limit $count
