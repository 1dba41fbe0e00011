-- The commits of $repositories, each repository's numbered from 0 in time order.
insert into open_commits by name
select row_number() over (partition by repository order by committed_at, sha) - 1 as position, repository, sha, parents, authored_at, committed_at,
       author, coalesce(is_bot, false) as is_bot, coalesce(subject, '') as subject, pull_request, reverts, reverts_pull_requests
from commits where repository in (select unnest($repositories));
