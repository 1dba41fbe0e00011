-- One row per group and merged pull request first shipped in [$start, $end).
-- host: the code host's record of it is known.  reviews: how many by other people, null when not known.
-- merged_by: who made the merge commit, null when the merge made none (squash, rebase) or it is not known.
-- comparable: its author also wrote commits there, so that merged_by and author are names of one kind.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
writers as (
    select distinct repository, author from commits where author is not null
)
select m.grp, p.repository, p.number, bool_or(p.is_bot) as is_bot, bool_or(r.number is not null) as host,
       max(r.reviews) as reviews, min(coalesce(r.first_review_at, r.approved_at)) as first_review_at,
       any_value(lower(r.checks)) as checks, max(r.checks_seconds) filter (r.checks_seconds >= 0) as checks_seconds, any_value(r.author) as author,
       any_value(case when len(c.parents) > 1 then c.author end) as merged_by, bool_or(w.author is not null) as comparable
from pull_request_facts p
join members m on m.service = p.service
    and (m.owned_from is null or p.deployed_at >= m.owned_from)
    and (m.owned_until is null or p.deployed_at < m.owned_until)
left join pull_requests r on r.repository = p.repository and r.number = p.number
left join commits c on c.repository = r.repository and c.sha = r.merge_sha
left join writers w on w.repository = r.repository and w.author = r.author
where p.deployed_at >= $start and p.deployed_at < $end
    and (len($environments::varchar[]) = 0 or p.environment in (select unnest($environments::varchar[])))
group by m.grp, p.repository, p.number
order by m.grp, p.repository, p.number
