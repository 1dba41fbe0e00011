-- One row per step of the pipeline run $run_id, in order; a step that ends before it starts has no length.
select
    job, coalesce(step, '') as step, coalesce(status, 'unknown') as status, coalesce(manual, false) as manual,
    case when started_at >= created_at then epoch(started_at - created_at) end as waited_seconds,
    case when finished_at >= started_at then epoch(finished_at - started_at) end as seconds,
    signature
from pipeline_steps
where run_id = $run_id and source = (
    select source from pipeline_steps where run_id = $run_id order by source = $source desc, source limit 1
)
order by position nulls last, started_at nulls last, id
