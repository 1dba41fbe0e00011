-- The commits of $repositories with their parents, and what their messages say that they take back.
select repository, sha, parents[1] as first_parent, parents[2] as second_parent, case when len(parents) > 2 then parents[3:] end as more_parents,
       coalesce(is_bot, false) as is_bot, author, coalesce(subject, '') as subject, pull_request, authored_at, committed_at,
       reverts, reverts_pull_requests
from commits where repository between $first and $last and repository in (select unnest($repositories))
