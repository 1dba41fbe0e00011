-- One row per succeeded production deployment that another source had reported less than ten minutes before.
with several as (
    select service, environment from deployment_facts where is_production and status = 'succeeded'
    group by service, environment having count(distinct source) > 1
),
told as (
    select d.service, deployment_id, source, finished_at, lag(source) over same as other, lag(finished_at) over same as before
    from deployment_facts d semi join several s on s.service = d.service and s.environment = d.environment
    where is_production and status = 'succeeded' and coalesce(version, sha) is not null
    window same as (partition by d.service, d.environment, coalesce(version, sha) order by finished_at, deployment_id)
)
select service, deployment_id as subject, format('{} had reported the same version', other) as detail,
       null::double as seconds, 1 as rows, 0 as changes
from told where other <> source and finished_at - before < interval 10 minutes
