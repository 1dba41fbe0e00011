-- Production deployments that may be a move to an earlier version: another version than the one before. Every service
-- of a source, known or not, that `moving` names. seen: that version had been live there; else the two numbers decide,
-- which is done here where both are whole ones at the end of plain text.
with live as (
    select d.source, d.id, d.environment, coalesce(nullif(d.service, ''), d.repository) as named, d.finished_at,
           coalesce(d.sequence, 0) as sequence, coalesce(nullif(d.version, ''), d.sha) as version
    from deployments d
    semi join moving m on m.named is not distinct from coalesce(nullif(d.service, ''), d.repository)
    join known_environments e on e.environment is not distinct from d.environment and e.service is null and e.is_production
    where d.status = 'succeeded' and d.finished_at is not null and coalesce(nullif(d.version, ''), nullif(d.sha, '')) is not null
), moved as (
    select *, lag(version) over line as before, row_number() over (partition by source, environment, named, version order by finished_at, sequence, id) > 1 as seen
    from live
    window line as (partition by source, environment, named order by finished_at, sequence, id)
)
select source, named, epoch_us(finished_at) as at_us, seen, before, version
from (
    select *, try_cast(regexp_extract(version, '^[ -/:-~]*([0-9]{1,18})$', 1) as bigint) as number_now,
           try_cast(regexp_extract(before, '^[ -/:-~]*([0-9]{1,18})$', 1) as bigint) as number_before
    from moved
)
where before <> version and (seen or coalesce(number_now < number_before, true))
    and (seen or not (regexp_matches(version, '[0-9a-f]{12,}') or regexp_matches(before, '[0-9a-f]{12,}')))
