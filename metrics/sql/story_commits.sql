-- One row per commit that deployment $id of $service shipped first, newest first.
select
    c.sha, coalesce(c.subject, '') as subject, c.is_bot, c.is_merge, c.mainline, c.pull_request,
    c.authored_at, c.committed_at, c.first_commit_at, c.merged_at, null as taken_back_by, p.name as author
from change_facts c
left join (select author, min(name) as name from people group by author) p on $names and p.author = c.author
where c.service = $service and c.environment = $environment and c.deployment_id = $id
order by c.committed_at desc, c.sha
