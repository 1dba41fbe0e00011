-- The tags of $repositories.
select repository, name, sha from tags where repository between $first and $last and repository in (select unnest($repositories))
