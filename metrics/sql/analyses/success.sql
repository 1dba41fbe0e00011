-- One row per group and production attempt that ended in [$start, $end), or began in it and has not ended; number: its
-- key in the facts.
-- watched: its source has told of an attempt that began before it ended, or that did not end well; or another source tells
-- of its service and environment those that did not end well and none that did: the two together tell all.
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
complements as (
    select distinct service, environment from begun group by service, environment, source
    having bool_or(status in ('failed', 'cancelled')) and not bool_or(status = 'succeeded')
),
attempts as (
    select *, coalesce(finished_at, started_at, created_at) as at from begun where is_production
)
select m.grp, d.number, d.source, s.watched or c.service is not null as watched, d.status,
       case when d.finished_at > d.began_at then (epoch_us(d.finished_at) - epoch_us(d.began_at)) / 1e6 end as seconds
from attempts d
join sources s on s.source = d.source
left join complements c on c.service = d.service and c.environment = d.environment
join members m on m.service = d.service
    and (m.owned_from is null or d.at >= m.owned_from)
    and (m.owned_until is null or d.at < m.owned_until)
where d.at >= $start and d.at < $end
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.at, d.deployment_id
