-- One row per service and change ($change, bots' only with $bots) that landed on the default branch more than 30 days before
-- $as_of and waits still. seconds: for how long. $only: of these services; empty for all but $others.
-- The rows first, then what they say: to read the sha of whatever waits reads nearly all of a big file.
with last as (
    select service, max(finished_at) as at_ from deployment_facts where is_production and status = 'succeeded' group by service
),
late as materialized (
    select rowid from change_facts
    where deployment_number is null and coalesce(merged_at, committed_at) < $as_of::timestamp - interval 30 days
        and case $change when 'commit' then not is_merge when 'mainline' then mainline else $change <> 'pull_request' end
),
landed as (
    select service, sha as subject, is_bot, coalesce(merged_at, committed_at) as landed_at
    from change_facts c join services s on s.position = c.service_position where c.rowid in (from late)
    union all
    select service, repository || '#' || number, is_bot, merged_at
    from pull_request_facts where $change = 'pull_request' and deployment_id is null
),
waiting as (
    select service, subject, min(landed_at) as landed_at
    from landed
    where landed_at < $as_of::timestamp - interval 30 days and ($bots or not is_bot)
        and (list_contains($only::varchar[], service) or (len($only::varchar[]) = 0 and not list_contains($others::varchar[], service)))
    group by service, subject
)
select w.service, w.subject,
       format('it landed {} days ago; ', date_diff('day', w.landed_at, $as_of::timestamp))
       || case when l.at_ >= w.landed_at then 'later deployments left it out' else 'nothing was deployed since' end as detail,
       (epoch_us($as_of::timestamp) - epoch_us(w.landed_at)) / 1e6 as seconds, 0 as rows, 1 as changes
from waiting w left join last l using (service)
