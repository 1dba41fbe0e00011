-- One row per group and change (a commit that merges nothing) first shipped in [$start, $end).
-- pull_request: the one that it belongs to, null without one.  host: some pull request of the repository is known.
-- mainline: its default branch is known, without which a change may have a pull request that nobody can tell.
-- reviews, first_review_at: of that pull request, null when not known.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
hosts as (
    select distinct repository from pull_requests
),
branches as (
    select distinct repository from mainline_commits
),
pulls as (
    select repository, number, max(reviews) as reviews, min(coalesce(first_review_at, approved_at)) as first_review_at
    from pull_requests group by repository, number
)
select m.grp, c.repository, c.sha, bool_or(c.is_bot) as is_bot, any_value(c.pull_request) as pull_request,
       bool_or(h.repository is not null) as host, bool_or(b.repository is not null) as mainline, max(p.reviews) as reviews,
       min(p.first_review_at) as first_review_at
from changes c
join members m on m.service = c.service
    and (m.owned_from is null or c.left_at >= m.owned_from)
    and (m.owned_until is null or c.left_at < m.owned_until)
left join hosts h on h.repository = c.repository
left join branches b on b.repository = c.repository
left join pulls p on p.repository = c.repository and p.number = c.pull_request
where c.left_at >= $start and c.left_at < $end and not c.is_merge
    and (len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[])))
group by m.grp, c.repository, c.sha
order by m.grp, c.repository, c.sha
