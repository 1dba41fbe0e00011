-- One row per commit that deployment $id of $service shipped first, newest first.
-- taken_back_by: a commit of $evidence (shas) that says it reverts this one or its pull request.
with reverting as materialized (
    select sha, reverts, reverts_pull_requests from commits
    where repository = $repository and list_contains($evidence, sha)
)
select
    c.sha, coalesce(c.subject, '') as subject, c.is_bot, c.is_merge, c.mainline, c.pull_request,
    c.authored_at, c.committed_at, c.first_commit_at, c.merged_at,
    (
        select min(r.sha) from reverting r
        where list_contains(r.reverts_pull_requests, c.pull_request)
           or len(list_filter(r.reverts, lambda named: starts_with(c.sha, named))) > 0
    ) as taken_back_by,
    case when $names then (select any_value(p.name) from people p where p.author = c.author) end as author
from change_facts c
where c.service = $service and c.environment = $environment and c.deployment_id = $id
order by c.committed_at desc, c.sha
