-- One row per group and succeeded production deployment finished in [$start, $end), by time.
-- started_by: pipeline (a bot), an author of a change it shipped first, somebody else, nothing new (a person, and it shipped
-- nothing or what it shipped is not known), unknown (nobody is recorded, on the deployment or its run).
-- run: its run, null without one; manual_steps: steps of it that waited for a person; wait_seconds: from the first moment
-- of such a step to its end, all of them together, null without one;
-- both null when no step of the run is known.
-- named: its person is an author of any change or pull request at all, null when no person started it.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
asked as (
    select m.grp, d.number, d.deployment_id, d.source, d.service, d.finished_at, d.commits, d.run_id,
           if(d.actor_kind is null and d.actor is null, r.actor, d.actor) as actor,
           if(d.actor_kind is null and d.actor is null, r.actor_kind, d.actor_kind) as actor_kind
    from deployment_facts d
    join members m on m.service = d.service
        and (m.owned_from is null or d.finished_at >= m.owned_from)
        and (m.owned_until is null or d.finished_at < m.owned_until)
    left join pipeline_runs r on r.source = d.source and r.id = d.run_id
    where d.is_production and d.status = 'succeeded' and d.finished_at >= $start and d.finished_at < $end
        and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
),
authors as (
    select deployment_id, author from change_facts where deployed_at >= $start and deployed_at < $end
    union
    select deployment_id, author from pull_request_facts where deployed_at >= $start and deployed_at < $end
),
everybody as (
    select author from change_facts union select author from pull_request_facts
),
runs as (
    select source, run_id, count(*) filter (manual) as manual_steps,
           sum(epoch(finished_at - coalesce(created_at, started_at)))
               filter (manual and finished_at >= coalesce(created_at, started_at)) as wait_seconds
    from pipeline_steps
    where (source, run_id) in (select (source, run_id) from asked)
    group by source, run_id
)
select a.grp, a.number, a.service, a.finished_at,
       case when a.actor_kind = 'bot' then 'pipeline'
            when a.actor is null then 'unknown'
            when a.commits = 0 then 'nothing new'
            when h.author is not null then 'author'
            else 'somebody else' end as started_by,
       if(a.run_id is null, null, a.source || '/' || a.run_id) as run, r.manual_steps, r.wait_seconds,
       if(a.actor_kind = 'bot' or a.actor is null, null, e.author is not null) as named
from asked a
left join authors h on h.deployment_id = a.deployment_id and h.author = a.actor
left join everybody e on e.author = a.actor
left join runs r on r.source = a.source and r.run_id = a.run_id
order by a.grp, a.finished_at, a.number
