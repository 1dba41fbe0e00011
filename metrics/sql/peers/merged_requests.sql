-- One row per group and pull request merged in [$start, $end] into a repository that a service of it is deployed from, whether or
-- not a deployment is known to hold it, and all merged before where one of these deployments was the first since $start. What its
-- record does not tell is what was found out about it.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
repositories as (
    select m.grp, d.repository, m.owned_from, m.owned_until, max(d.finished_at) filter (d.relation = 'baseline') as first_at
    from members m join deployment_facts d on d.service = m.service where d.repository is not null group by all
),
told as (
    select repository, number, min(first_commit_at) as first_commit_at, min(opened_at) as opened_at, min(ready_at) as ready_at,
           min(first_review_at) as first_review_at, min(approved_at) as approved_at, min(merged_at) as merged_at
    from pull_requests where repository in (select repository from repositories) group by all
),
found as (
    select repository, number, min(first_commit_at) as first_commit_at, min(opened_at) as opened_at, min(merged_at) as merged_at
    from pull_request_facts where repository in (select repository from repositories) group by all
),
requests as (
    select repository, number, coalesce(t.first_commit_at, f.first_commit_at) as first_commit_at,
           coalesce(t.opened_at, f.opened_at) as opened_at, t.ready_at, t.first_review_at, t.approved_at,
           coalesce(t.merged_at, f.merged_at) as merged_at
    from told t full join found f using (repository, number)
)
select distinct r.grp, q.*
from requests q
join repositories r on r.repository = q.repository
    and (r.owned_from is null or q.merged_at >= r.owned_from)
    and (r.owned_until is null or q.merged_at < r.owned_until)
where q.merged_at <= $end and (q.merged_at >= $start or r.first_at >= $start)
order by r.grp, q.merged_at, q.repository, q.number
