-- One row per path that any commit of $repository changed.
select distinct path from commit_paths where repository = $repository
