-- One row per service with path globs whose repository has commits, but none of the paths that they changed: service, repository.
with parted as (
    select service, repository from services where len(paths) > 0
), silent as (
    select distinct repository from commits where repository in (select repository from parted)
    except select distinct repository from commit_paths where repository in (select repository from parted)
)
select service, repository from parted where repository in (from silent) order by service
