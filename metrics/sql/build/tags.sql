-- The tags of $repositories.
select repository, name, sha from tags where repository in (select unnest($repositories)) order by repository
