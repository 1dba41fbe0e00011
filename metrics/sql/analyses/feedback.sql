-- One row per group and commit whose first pipeline run was created in [$start, $end); runs that deploy are left out.
-- A run is a service's when it names it or, naming none, when it is of its repository; a commit is with the
-- owner of the service at the first run that the service has of it.
-- first_step, first_run, first_failure: seconds from that creation to the first finished step, the first finished run, and
-- the first failed step of any of the commit's runs; null while there is none, ends before that creation left out.
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
    select name, arg_min(service, (name <> service, service)) as service
    from (select service, unnest([service] || coalesce(aliases, [])) as name from services) group by name
),
owners as (
    select c.source, c.id, n.service from checks c join named n on n.name = c.service
    union
    select c.source, c.id, s.service from checks c join services s on s.repository = c.repository where c.service is null
),
first as (
    select o.service, c.*, min(c.created_at) over (partition by o.service, c.repository, c.sha) as first_at
    from checks c join owners o on o.source = c.source and o.id = c.id
),
owned as (
    select distinct m.grp, f.source, f.id, f.repository, f.sha, f.created_at, if(f.is_over, f.finished_at, null) as finished_at
    from first f
    join members m on m.service = f.service
        and (m.owned_from is null or f.first_at >= m.owned_from) and (m.owned_until is null or f.first_at < m.owned_until)
),
begun as (
    select *, min(created_at) over (partition by grp, repository, sha) as began from owned
),
asked as (
    select * from begun where began >= $start and began < $end
),
steps as (
    select a.grp, a.repository, a.sha, min(s.finished_at) as step_at, min(s.finished_at) filter (s.status = 'failed') as failure_at
    from asked a join pipeline_steps s on s.source = a.source and s.run_id = a.id
    where s.status in ('succeeded', 'failed') and s.finished_at >= a.began
    group by a.grp, a.repository, a.sha
),
changes as (
    select grp, repository, sha, any_value(began) as began, min(finished_at) filter (finished_at >= began) as run_at
    from asked group by grp, repository, sha
)
select c.grp, epoch(s.step_at - c.began) as first_step, epoch(c.run_at - c.began) as first_run,
       epoch(s.failure_at - c.began) as first_failure
from changes c left join steps s
    on s.grp = c.grp and s.repository is not distinct from c.repository and s.sha = c.sha
