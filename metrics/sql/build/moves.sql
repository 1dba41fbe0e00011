-- Production deployments that may be a move to an earlier version: another version than the one before. Of every service
-- of a source that `moving` names: a known one under whatever name, by its own definitions, or else what records call it.
-- counted_as: what moved: the service; for a record of a repository that holds several, that repository, once for all of them.
-- seen: that version had been live there; else the two numbers decide, which is done here where both are whole ones at the
-- end of plain text.
with named as (
    select d.*, n.judged_as, coalesce(n.service, nullif(d.service, ''), d.repository) as mover, coalesce(n.shared, false) as shared
    from deployments d
    left join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository
    where d.status = 'succeeded' and d.finished_at is not null and coalesce(nullif(d.version, ''), nullif(d.sha, '')) is not null
), live as (
    select d.source, d.id, d.environment, d.mover, if(d.shared, d.repository, d.mover) as counted_as, d.finished_at,
           coalesce(d.sequence, 0) as sequence, coalesce(nullif(d.version, ''), d.sha) as version
    from named d
    semi join moving m on m.mover is not distinct from d.mover
    join known_environments e on e.environment is not distinct from d.environment and e.service is not distinct from d.judged_as and e.is_production
), moved as (
    select *, lag(version) over line as before, row_number() over (partition by source, environment, mover, version order by finished_at, sequence, id) > 1 as seen
    from live
    window line as (partition by source, environment, mover order by finished_at, sequence, id)
)
select source, mover, counted_as, epoch_us(finished_at) as at_us, seen, before, version
from (
    select *, try_cast(regexp_extract(version, '^[ -/:-~]*([0-9]{1,18})$', 1) as bigint) as number_now,
           try_cast(regexp_extract(before, '^[ -/:-~]*([0-9]{1,18})$', 1) as bigint) as number_before
    from moved
)
where before <> version and (seen or coalesce(number_now < number_before, true))
    and (seen or not (regexp_matches(version, '[0-9a-f]{12,}') or regexp_matches(before, '[0-9a-f]{12,}')))
