-- One row per source (for commits and tags: repository) and kind of record.
-- newest: the newest moment such a record tells of, null when it tells none.
select source, 'deployments' as records, count(*) as rows, max(coalesce(finished_at, created_at)) as newest from deployments group by source
union all
select source, 'incidents', count(*), max(coalesce(resolved_at, detected_at, impact_started_at)) from incidents group by source
union all
select source, 'pull requests', count(*), max(coalesce(merged_at, closed_at, opened_at)) from pull_requests group by source
union all
select source, 'pipeline runs', count(*), max(coalesce(finished_at, created_at)) from pipeline_runs group by source
union all
select source, 'pipeline steps', count(*), max(finished_at) from pipeline_steps group by source
union all
select source, 'checks after deployment', count(*), max(finished_at) from verifications group by source
union all
select source, 'telemetry samples', count(*), max(sampled_at) from telemetry_samples group by source
union all
select source, 'flag changes', count(*), max(changed_at) from flag_changes group by source
union all
select repository, 'commits', count(*), max(committed_at) from commits group by repository
union all
select repository, 'tags', count(*), max(tagged_at) from tags group by repository
order by 2, 1
