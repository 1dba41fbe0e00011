-- One row per group, service and production environment in use just before $until, owned by the group then.
-- production_*: what runs there; staging_*: the newest success in a rehearsal environment, null without one.
-- same: as in rehearsal.sql the same version, commit or digest, where two known commits do not differ; null when neither
-- of these is known of both.
-- paths: the globs that tell the service's commits from others of its repository; none where it shares it with no other, or
-- where what commits changed was not read.
-- versions, oldest_at: artifacts (a commit, else a version, else a digest) that came to a rehearsal environment after the one
-- that runs in production did, and when the oldest of them came; if that one was never rehearsed, after all that production
-- ever ran.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
succeeded as (
    select service, repository, environment, is_production, is_rehearsal, number, finished_at, version, sha, digest,
           coalesce(sha, version, digest) as artifact
    from deployment_facts
    where status = 'succeeded' and finished_at < $until and service in (select service from members)
        and (not is_production or len($environments::varchar[]) = 0
             or environment in (select unnest($environments::varchar[])))
),
live as (
    select * from succeeded where is_production
),
production as (
    select service, environment, arg_max(struct_pack(number, ended := finished_at, version, sha, digest, repository), number) as runs
    from live group by service, environment
),
staging as (
    select service, arg_max(struct_pack(environment, ended := finished_at, version, sha, digest), (finished_at, number)) as runs
    from succeeded where is_rehearsal group by service
),
tried as (
    select service, artifact, version, sha, digest, min(finished_at) as came_at
    from succeeded where is_rehearsal and artifact is not null group by all
),
rehearsed as (
    select service, artifact, min(came_at) as first_at from tried group by service, artifact
),
live_names as (
    select number, service, sha, unnest(['version ' || version, 'digest ' || digest]) as name from live
),
tried_names as (
    select service, artifact, sha, unnest(['version ' || version, 'digest ' || digest]) as name from tried
),
-- By name only where one of the two has no known commit; each part by itself, as many may be called alike.
promoted as (
    select p.number, t.service, t.artifact from live p join tried t on t.service = p.service and t.sha = p.sha
    union
    select p.number, t.service, t.artifact from live_names p join tried_names t using (service, name) where p.sha is null
    union
    select p.number, t.service, t.artifact from live_names p join tried_names t using (service, name) where t.sha is null
),
started as (
    select p.service, p.environment, coalesce(
               max(r.first_at) filter (l.number = p.runs.number), max(r.first_at), min(l.finished_at)
           ) as since
    from production p
    join live l on l.service = p.service and l.environment = p.environment
    left join promoted o on o.number = l.number
    left join rehearsed r on r.service = o.service and r.artifact = o.artifact
    group by p.service, p.environment
),
waiting as (
    select s.service, s.environment, count(r.artifact) as versions, min(r.first_at) as oldest_at
    from started s join rehearsed r on r.service = s.service and r.first_at > s.since
    group by s.service, s.environment
)
select m.grp, p.service, p.environment, v.repository,
       if(v.repository in (select repository from commit_paths), coalesce(v.paths, []), []) as paths,
       p.runs.version as production_version, p.runs.sha as production_sha, p.runs.ended as production_at,
       s.runs.environment as staging, s.runs.version as staging_version, s.runs.sha as staging_sha, s.runs.ended as staging_at,
       case when p.runs.sha = s.runs.sha then true when p.runs.sha <> s.runs.sha then false
            when p.runs.version = s.runs.version or p.runs.digest = s.runs.digest then true
            else coalesce(p.runs.version = s.runs.version, p.runs.digest = s.runs.digest) end as same,
       coalesce(w.versions, 0) as versions, w.oldest_at
from production p
join members m on m.service = p.service
    and (m.owned_from is null or m.owned_from < $until) and (m.owned_until is null or m.owned_until >= $until)
join services v on v.service = p.service
left join staging s on s.service = p.service
left join waiting w on w.service = p.service and w.environment = p.environment
order by m.grp, p.service, p.environment
