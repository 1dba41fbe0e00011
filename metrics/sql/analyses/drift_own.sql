-- One row per path that a commit of $shas, in $repository, changed: sha, path.
select sha, path from commit_paths where repository = $repository and sha in (select unnest($shas::varchar[]))
