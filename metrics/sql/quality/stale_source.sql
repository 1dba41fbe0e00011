-- One row per source (for commits: repository) and kind of record that fell silent: nothing new until $as_of for
-- more than five times its usual gap between days with a record, and it had at least five such days.
-- seconds: how long it has been silent.
-- Days with a record are a day apart or more: a repository with a commit in the last five days is not silent.
with quiet as materialized (
    select repository from commits where committed_at::date <= $as_of::timestamp::date
    group by repository having date_diff('day', max(committed_at)::date, $as_of::timestamp::date) > 5
),
days as (
    select distinct source, 'deployments' as kind, coalesce(finished_at, created_at)::date as day_ from deployments
    union all select distinct source, 'incidents', coalesce(detected_at, impact_started_at, resolved_at)::date from incidents
    union all select distinct source, 'pull requests', coalesce(merged_at, opened_at)::date from pull_requests
    union all select distinct source, 'pipeline runs', coalesce(finished_at, created_at)::date from pipeline_runs
    union all select distinct source, 'checks after deployment', finished_at::date from verifications
    union all select distinct source, 'telemetry samples', sampled_at::date from telemetry_samples
    union all select distinct repository, 'commits', committed_at::date from commits where repository in (from quiet)
),
gaps as (
    select source, kind, day_, date_diff('day', lag(day_) over (partition by source, kind order by day_), day_) as gap
    from days where day_ is not null and day_ <= $as_of::timestamp::date
),
sources as (
    select source, kind, count(*) as active, max(day_) as newest, median(gap) as usual from gaps group by source, kind
)
select null::varchar as service, source || ' (' || kind || ')' as subject,
       format('nothing new for {} days; usually every {}', date_diff('day', newest, $as_of::timestamp::date),
              if(usual < 1.5, 'day', format('{:.0f} days', usual))) as detail,
       date_diff('second', newest::timestamp, $as_of::timestamp)::double as seconds, 0 as rows, 0 as changes
from sources where active >= 5 and date_diff('day', newest, $as_of::timestamp::date) > 5 * usual
