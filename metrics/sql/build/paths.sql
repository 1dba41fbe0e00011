-- The paths that the commits of $repositories changed.
select repository, sha, path from commit_paths where repository between $first and $last and repository in (select unnest($repositories))
