-- One row per commit that deployment $id of $service shipped first, newest first.
with shipped as materialized (
    from change_facts
    where deployment_number in (select number from deployment_facts where deployment_id = $id and service = $service and environment = $environment)
),
messages as (
    select sha, subject from commits where repository = (select coalesce(any_value(repository), '') from shipped)
)
select
    c.sha, coalesce(k.subject, '') as subject, c.is_bot, c.is_merge, c.mainline, c.pull_request,
    c.authored_at, c.committed_at, c.first_commit_at, c.merged_at, null as taken_back_by, p.name as author
from shipped c
join messages k on k.sha = c.sha
left join (select author, min(name) as name from people group by author) p on $names and p.author = c.author
order by c.committed_at desc, c.sha
