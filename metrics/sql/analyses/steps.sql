-- One row per group and finished step of a pipeline run of the group's services, the step ended in [$start, $end).
-- A run is a service's when it names it, when a deployment of it names the run, or, naming none, when it is of its repository;
-- it is with the owner at its beginning. Only succeeded and failed steps: what was skipped or cancelled tells nothing.
-- whole_job: the row stands for a job of a run of which finished steps are known, in the period or not.
-- duration_seconds, wait_seconds: null when unknown or negative. Of a step that waits for a person all its time is wait.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
named as (
    select name, arg_min(service, (name <> service, service)) as service
    from (select service, unnest([service] || coalesce(aliases, [])) as name from services) group by name
),
owners as (
    select r.source, r.id, n.service from pipeline_runs r join named n on n.name = r.service
    union
    select d.source, d.run_id, d.service from deployment_facts d where d.run_id is not null
    union
    select r.source, r.id, s.service from pipeline_runs r join services s on s.repository = r.repository where r.service is null
),
runs as (
    select distinct m.grp, r.source, r.id, r.pipeline
    from pipeline_runs r
    join owners o on o.source = r.source and o.id = r.id
    join members m on m.service = o.service
        and (m.owned_from is null or coalesce(r.created_at, r.started_at, r.finished_at) >= m.owned_from)
        and (m.owned_until is null or coalesce(r.created_at, r.started_at, r.finished_at) < m.owned_until)
),
timed as (
    select r.grp, r.source, r.id, coalesce(r.pipeline, '') as pipeline, coalesce(s.job, '') as job, coalesce(s.step, '') as step,
           s.status = 'failed' as failed, s.finished_at, coalesce(s.manual, false) as manual, s.signature,
           epoch(s.finished_at - s.started_at) as ran, epoch(s.started_at - s.created_at) as queued,
           epoch(s.finished_at - coalesce(s.created_at, s.started_at)) as stood
    from runs r join pipeline_steps s on s.source = r.source and s.run_id = r.id
    where s.status in ('succeeded', 'failed')
),
told as (
    select *, step = '' and max(step) over (partition by grp, source, id, job) <> '' as whole_job from timed
)
select grp, pipeline, job, step, failed, manual, signature, whole_job,
       if(manual or ran < 0, null, ran) as duration_seconds,
       case when manual and stood >= 0 then stood when not manual and queued >= 0 then queued end as wait_seconds
from told
where finished_at >= $start and finished_at < $end
