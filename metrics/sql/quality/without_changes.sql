-- One row per service with path globs of which no commit is known to be its own, by repository: repository, service, paths.
with parted as (
    select repository, service, paths from services where len(paths) > 0 and repository is not null
)
select repository, service, paths from parted
where exists (from parted) and service not in (select service from change_facts where service in (select service from parted))
order by repository, service
