-- The commits of the default branches of $repositories.
select repository, sha from mainline_commits where repository between $first and $last and repository in (select unnest($repositories))
