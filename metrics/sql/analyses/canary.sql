-- One row per group and attempt that ended in [$start, $end) in production or in a canary environment:
-- one whose name in small letters the expression $canary matches.
-- checks, failed_checks: how many checks of it are known, and how many of them went badly.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
attempts as (
    select *, regexp_matches(lower(environment), $canary) as canary
    from deployment_facts where finished_at >= $start and finished_at < $end and status in ('succeeded', 'failed')
),
named as (
    select number, unnest([deployment_id, substr(deployment_id, length(source) + 2)]) as name from attempts
),
checks as (
    select n.number, count(distinct (v.source, v.id)) as checks,
           count(distinct (v.source, v.id)) filter (v.status in ('failed', 'regressed')) as failed_checks
    from verifications v join named n on n.name = v.deployment group by n.number
)
select m.grp, d.number, d.service, d.finished_at, d.status, d.canary, coalesce(c.checks, 0) as checks, coalesce(c.failed_checks, 0) as failed_checks
from attempts d
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
left join checks c on c.number = d.number
where (d.is_production or d.canary)
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.finished_at, d.number
