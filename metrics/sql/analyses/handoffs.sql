-- One row per group and succeeded production deployment finished in [$start, $end), by time.
-- started_by: pipeline (a bot), an author of a change it shipped first, somebody else, nothing new (a person, and it shipped
-- nothing, what it shipped is not known, or nobody is known as its author), unknown (nobody is recorded, on the deployment or its run).
-- run: its run, null without one; manual_steps: steps of it that waited for a person; wait_seconds: while such a step
-- waited, from its first moment to its end, what waited side by side once; null without one;
-- both null when no step of the run is known.
-- named: its person is an author of any commit, a merge too, or pull request at all, null when no person started it or no author is known.
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
    select deployment_number as number, author from change_facts
    where left_at >= $start and left_at < $end and author is not null and not is_merge
    union
    select a.number, p.author from pull_request_facts p join asked a on a.deployment_id = p.deployment_id
    where p.author is not null
),
everybody as (
    from (select author from change_facts union select author from pull_request_facts) where author is not null
),
steps as (
    select source, run_id, manual, coalesce(created_at, started_at) as began_at, finished_at,
           coalesce(manual and finished_at >= coalesce(created_at, started_at), false) as waited
    from pipeline_steps where (source, run_id) in (select (source, run_id) from asked)
),
waits as (
    select *, coalesce(max(if(waited, finished_at, null)) over earlier, began_at) as until_then
    from steps
    window earlier as (partition by source, run_id order by began_at, finished_at rows between unbounded preceding and 1 preceding)
),
runs as (
    select source, run_id, count(*) filter (manual) as manual_steps,
           sum(epoch(greatest(finished_at, until_then) - greatest(began_at, until_then))) filter (waited) as wait_seconds
    from waits group by source, run_id
)
select a.grp, a.number, a.service, a.finished_at,
       case when a.actor_kind = 'bot' then 'pipeline'
            when a.actor is null then 'unknown'
            when a.commits = 0 or a.number not in (select number from authors) then 'nothing new'
            when h.author is not null then 'author'
            else 'somebody else' end as started_by,
       if(a.run_id is null, null, a.source || '/' || a.run_id) as run, r.manual_steps, r.wait_seconds,
       if(a.actor_kind = 'bot' or a.actor is null or not exists (from everybody), null, e.author is not null) as named
from asked a
left join authors h on h.number = a.number and h.author = a.actor
left join everybody e on e.author = a.actor
left join runs r on r.source = a.source and r.run_id = a.run_id
order by a.grp, a.finished_at, a.number
