-- One row per group and person whose first change that landed has its clock in [$start, $end); nothing says who it is.
-- A change lands when it is shipped to production or waits on the default branch; bots and merges are left out. The first
-- over all services, in whichever group; it is of every group with a service that holds it, owned by it then.
-- first_at: its clock, authored for the services $authored, else committed.  deployed_at: null while no service of the group shipped it.
-- before: an earlier change of the same person may be in the first deployment of a service, so this was not the first.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
landed as (
    select service, environment, repository, sha, author, if(list_contains($authored::varchar[], service), authored_at, committed_at) as clock, deployed_at
    from changes
    where not is_bot and not is_merge and author is not null
),
firsts as (
    select author, arg_min(struct_pack(repository, sha, clock), (clock, sha)) as change
    from landed where clock is not null
    group by author
    having min(clock) >= $start and min(clock) < $end
),
baselines as (
    select repository, authored, max(began) as until
    from (
        select s.repository, list_contains($authored::varchar[], s.service) as authored, min(d.finished_at) as began
        from services s join deployment_facts d on d.service = s.service
        where d.is_production and d.status = 'succeeded' and s.repository is not null
        group by s.repository, s.service
    )
    group by repository, authored
),
earlier as (
    select distinct f.author
    from firsts f
    join commits c on c.author = f.author and len(coalesce(c.parents, [])) < 2
    join baselines b on b.repository = c.repository and c.committed_at < b.until
    where if(b.authored, c.authored_at, c.committed_at) < f.change.clock
        and (c.repository, c.sha) not in (select (repository, sha) from landed)
)
select m.grp, f.change.clock as first_at, min(l.deployed_at) as deployed_at, bool_or(e.author is not null) as before
from firsts f
join landed l on l.repository = f.change.repository and l.sha = f.change.sha
join members m on m.service = l.service
    and (m.owned_from is null or f.change.clock >= m.owned_from) and (m.owned_until is null or f.change.clock < m.owned_until)
left join earlier e on e.author = f.author
where len($environments::varchar[]) = 0 or l.environment in (select unnest($environments::varchar[]))
group by m.grp, f.author, f.change.clock
order by m.grp, first_at, deployed_at
