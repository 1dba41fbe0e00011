-- One row per source (for commits: repository) and kind of record that fell silent: nothing new until $as_of for
-- more than five times its usual gap between days with a record, and it had at least five such days.
-- seconds: how long it has been silent.
with days as (
    select distinct source, 'deployments' as kind, date_trunc('day', coalesce(finished_at, created_at)) as day_ from deployments
    union select distinct source, 'incidents', date_trunc('day', coalesce(detected_at, impact_started_at, resolved_at)) from incidents
    union select distinct source, 'pull requests', date_trunc('day', coalesce(merged_at, opened_at)) from pull_requests
    union select distinct source, 'pipeline runs', date_trunc('day', coalesce(finished_at, created_at)) from pipeline_runs
    union select distinct source, 'checks after deployment', date_trunc('day', finished_at) from verifications
    union select distinct source, 'telemetry samples', date_trunc('day', sampled_at) from telemetry_samples
    union select distinct repository, 'commits', date_trunc('day', committed_at) from commits
),
gaps as (
    select source, kind, day_, date_diff('day', lag(day_) over (partition by source, kind order by day_), day_) as gap
    from days where day_ is not null and day_ <= $as_of::timestamp
),
sources as (
    select source, kind, count(*) as active, max(day_) as newest, median(gap) as usual from gaps group by source, kind
)
select null::varchar as service, source || ' (' || kind || ')' as subject,
       format('nothing new for {} days; usually every {:.0f}', date_diff('day', newest, $as_of::timestamp), usual) as detail,
       date_diff('second', newest, $as_of::timestamp)::double as seconds, 0 as rows, 0 as changes
from sources where active >= 5 and date_diff('day', newest, $as_of::timestamp) > 5 * usual
