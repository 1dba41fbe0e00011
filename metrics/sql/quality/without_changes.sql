-- One row per service with path globs of which no commit is known to be its own, by repository: repository, service, paths.
with parted as (
    select repository, service, position as place, paths from services where len(paths) > 0 and repository is not null
)
select repository, service, paths from parted
where exists (from parted) and place not in (select service_position from change_facts where service_position in (select place from parted))
order by repository, service
