-- One row per group and commit whose first pipeline run was created in [$start, $end); runs that deploy are left out.
-- A run is a service's when it names it or, naming none, when it is of its repository; with the owner at its beginning.
-- first_step, first_run, first_failure: seconds from that creation to the first finished step, the first finished run, and
-- the first failed step of any of the commit's runs; null while there is none or when it is negative.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
checks as (
    select r.source, r.id, r.service, r.repository, r.sha, r.finished_at, coalesce(r.created_at, r.started_at) as created_at,
           r.status in ('succeeded', 'failed') as is_over
    from pipeline_runs r
    where r.sha is not null and (r.source, r.id) not in (select (source, run_id) from deployments where run_id is not null)
),
named as (
    select service, unnest(list_append(coalesce(aliases, []), service)) as name from services
),
owners as (
    select c.source, c.id, n.service from checks c join named n on n.name = c.service
    union
    select c.source, c.id, s.service from checks c join services s on s.repository = c.repository where c.service is null
),
owned as (
    select distinct m.grp, c.source, c.id, c.repository, c.sha, c.created_at, if(c.is_over, c.finished_at, null) as finished_at
    from checks c
    join owners o on o.source = c.source and o.id = c.id
    join members m on m.service = o.service
        and (m.owned_from is null or c.created_at >= m.owned_from) and (m.owned_until is null or c.created_at < m.owned_until)
),
ends as (
    select source, run_id, min(finished_at) as first_step, min(finished_at) filter (status = 'failed') as first_failure
    from pipeline_steps
    where status in ('succeeded', 'failed')
    group by source, run_id
),
changes as (
    select o.grp, min(o.created_at) as began, min(o.finished_at) as run_at, min(e.first_step) as step_at,
           min(e.first_failure) as failure_at
    from owned o left join ends e on e.source = o.source and e.run_id = o.id
    group by o.grp, o.repository, o.sha
)
select grp, if(step_at >= began, epoch(step_at - began), null) as first_step,
       if(run_at >= began, epoch(run_at - began), null) as first_run,
       if(failure_at >= began, epoch(failure_at - began), null) as first_failure
from changes
where began >= $start and began < $end
