-- One row per group and attempt that ended in [$start, $end) in production or in a canary environment:
-- one whose name in small letters the expression $canary matches.
-- checks, failed_checks: how many checks of it are known, and how many of them went badly. A check names a deployment with
-- or without its source: of several that are called so its own source's is meant (as in build/checks.sql), of a deployment
-- of several services each one's, also where it says an alias of that, of a region the deployment that it is part of.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
attempts as (
    select *, regexp_matches(lower(environment), $canary) as canary
    from deployment_facts where finished_at >= $start and finished_at < $end and status in ('succeeded', 'failed')
),
records as (
    select source, id, source || '/' || id as full_id from deployments
),
parts as (
    select number, service, deployment_id from attempts
    union
    select a.number, a.service, r.region_deployment_id
    from attempts a join region_facts r on r.service = a.service and r.deployment_id = a.deployment_id
),
named as (
    select number, deployment_id as name from parts
    union
    select p.number, left(p.deployment_id, -length(p.service)) || a.alias
    from parts p join former_names a on a.service = p.service where ends_with(p.deployment_id, '#' || p.service)
    union
    select p.number, left(p.deployment_id, -length(p.service) - 1)
    from parts p anti join records d on d.full_id = p.deployment_id where ends_with(p.deployment_id, '#' || p.service)
),
called as (
    select v.source, v.id, d.full_id, d.source = v.source as own from verifications v join records d on d.id = v.deployment
    union
    select v.source, v.id, d.full_id, true from verifications v join records d on d.full_id = v.deployment
),
found as (
    select source, id, case when count(*) filter (own) = 1 then any_value(full_id) filter (own)
                            when count(*) = 1 then any_value(full_id) end as full_id
    from called group by source, id
),
checks as (
    select n.number, count(distinct (v.source, v.id)) as checks,
           count(distinct (v.source, v.id)) filter (v.status in ('failed', 'regressed')) as failed_checks
    from verifications v
    left join found f on f.source = v.source and f.id = v.id
    join named n on n.name = case when f.source is null then v.deployment else f.full_id end
    group by n.number
)
select m.grp, d.number, d.service, d.finished_at, d.status, d.canary,
       coalesce(c.checks, 0) as checks, coalesce(c.failed_checks, 0) as failed_checks
from attempts d
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
left join checks c on c.number = d.number
where (d.is_production or d.canary)
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.finished_at, d.number
