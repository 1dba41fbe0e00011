-- One row per group, succeeded production deployment finished in [$start, $end) and other environment in which the same
-- artifact had succeeded by then; one row with a null `lower` when there is none.
-- The same artifact: the same service with the same version, commit or digest; two known commits that differ are not.
-- Two names are compared only where a commit is unknown: services may call everything `latest`.
-- seen: the service has deployments outside production at all.  first_here: no earlier success of it in the
-- environment.  first_live: none in any production environment, of those asked for.
-- times, first_at: how often and first when it was there.  same_build, same_mechanism: as in production, null unknown.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
asked as (
    select m.grp, d.*
    from deployment_facts d
    join members m on m.service = d.service
        and (m.owned_from is null or d.finished_at >= m.owned_from)
        and (m.owned_until is null or d.finished_at < m.owned_until)
    where d.is_production and d.status = 'succeeded' and d.finished_at >= $start and d.finished_at < $end
        and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
),
earlier as (
    select number, service, environment, is_production, finished_at, version, sha, digest, mechanism
    from deployment_facts
    where status = 'succeeded' and finished_at < $end and service in (select service from members)
),
called as (
    select number, service, finished_at, sha, kind, name
    from earlier unpivot (name for kind in (version, digest))
),
same as (
    select a.number, e.number as earlier_number from asked a join earlier e on e.service = a.service and e.sha = a.sha
        and e.finished_at <= a.finished_at and e.number <> a.number
    union
    select a.number, e.number from called a join called e on e.service = a.service and e.kind = a.kind and e.name = a.name
        and e.finished_at <= a.finished_at and e.number <> a.number
    where a.sha is null and a.number in (select number from asked)
    union
    select a.number, e.number from called a join called e on e.service = a.service and e.kind = a.kind and e.name = a.name
        and e.finished_at <= a.finished_at and e.number <> a.number
    where e.sha is null and a.number in (select number from asked)
),
repeated as (
    select s.number, bool_or(e.environment = a.environment) as here
    from same s join earlier e on e.number = s.earlier_number join asked a on a.number = s.number
    where e.is_production and (e.finished_at, e.number) < (a.finished_at, a.number)
        and (len($environments::varchar[]) = 0 or e.environment in (select unnest($environments::varchar[])))
    group by s.number
),
rehearsals as (
    select s.number, e.environment as lower, count(distinct e.number) as times, min(e.finished_at) as first_at,
           bool_and(e.digest = a.digest) as same_build, bool_and(e.mechanism = a.mechanism) as same_mechanism
    from same s join earlier e on e.number = s.earlier_number join asked a on a.number = s.number
    where not e.is_production
    group by s.number, e.environment
)
select a.grp, a.number, a.service, a.environment, a.finished_at,
       a.service in (select service from deployment_facts where not is_production) as seen,
       a.number not in (select number from repeated where here) as first_here,
       a.number not in (select number from repeated) as first_live,
       r.lower, r.times, r.first_at, r.same_build, r.same_mechanism
from asked a left join rehearsals r on r.number = a.number
order by a.grp, a.finished_at, a.number, r.first_at, r.lower
