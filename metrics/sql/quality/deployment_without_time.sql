-- One row per production deployment that succeeded at an unknown time.
select service, deployment_id as subject, 'it succeeded, nobody knows when' as detail, null::double as seconds,
       1 as rows, 0 as changes
from deployment_facts
where is_production and status = 'succeeded' and finished_at is null
