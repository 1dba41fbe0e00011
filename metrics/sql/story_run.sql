-- At most one row: the pipeline run $run_id, of $source when two tools use the same number.
select
    id as run_id, coalesce(pipeline, '') as pipeline, event, attempt, coalesce(status, 'unknown') as status,
    created_at, started_at, finished_at, url
from pipeline_runs
where id = $run_id
order by source = $source desc, source
limit 1
