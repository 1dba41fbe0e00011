-- One row per merged pull request that deployment $id of $service shipped first, in order of merge.
select
    p.number, coalesce(p.title, '') as title, p.is_bot, coalesce(p.labels, []) as labels, p.first_commit_at,
    p.opened_at, p.first_review_at, p.merged_at, p.reviews, p.checks, p.lines, p.url,
    n.name as author
from pull_request_facts p
left join (select author, min(name) as name from people group by author) n on $names and n.author = p.author
where p.service = $service and p.environment = $environment and p.deployment_id = $id
order by p.merged_at, p.number
