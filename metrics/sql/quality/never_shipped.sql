-- One row per service and change that landed on the default branch more than 30 days before $as_of and waits still.
-- seconds: for how long.
with last as (
    select service, max(finished_at) as at_ from deployment_facts where is_production and status = 'succeeded' group by service
),
waiting as (
    select service, sha, min(coalesce(merged_at, committed_at)) as landed_at
    from change_facts where deployment_id is null and not is_merge
        and coalesce(merged_at, committed_at) < $as_of::timestamp - interval 30 days
    group by service, sha
)
select w.service, w.sha as subject,
       format('it landed {} days ago; ', date_diff('day', w.landed_at, $as_of::timestamp))
       || case when l.at_ >= w.landed_at then 'later deployments left it out' else 'nothing was deployed since' end as detail,
       (epoch_us($as_of::timestamp) - epoch_us(w.landed_at)) / 1e6 as seconds, 0 as rows, 1 as changes
from waiting w left join last l using (service)
