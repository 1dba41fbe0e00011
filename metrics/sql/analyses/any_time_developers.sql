-- One row per group that shipped a change by a person in [$start, $end): how many people wrote them, as a headcount.
-- unnamed: changes whose author is not known.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, count(distinct c.author) as developers, count(*) filter (c.author is null) as unnamed
from changes c
join members m on m.service = c.service
    and (m.owned_from is null or c.left_at >= m.owned_from)
    and (m.owned_until is null or c.left_at < m.owned_until)
where c.left_at >= $start and c.left_at < $end and not c.is_merge and not c.is_bot
    and (len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[])))
group by m.grp
order by m.grp
