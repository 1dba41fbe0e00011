-- One row per group and production attempt that ended in [$start, $end), or began in it and has not ended; number: its
-- key in the facts.
-- watched: its source has told of an attempt that began before it ended, or that did not end well.
-- seconds: from its start (else its creation) to its end, null when unknown, impossible or the same moment.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
begun as (
    select *, coalesce(started_at, created_at) as began_at from deployment_facts
),
sources as (
    select source, coalesce(bool_or(status <> 'succeeded' or began_at < finished_at), false) as watched from begun group by source
),
attempts as (
    select *, coalesce(finished_at, started_at, created_at) as at from begun where is_production
)
select m.grp, d.number, d.source, s.watched, d.status,
       case when d.finished_at > d.began_at then (epoch_us(d.finished_at) - epoch_us(d.began_at)) / 1e6 end as seconds
from attempts d
join sources s on s.source = d.source
join members m on m.service = d.service
    and (m.owned_from is null or d.at >= m.owned_from)
    and (m.owned_until is null or d.at < m.owned_until)
where d.at >= $start and d.at < $end
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.at, d.deployment_id
