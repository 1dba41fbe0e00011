-- One row per commit of $ids (shas) in $repository: what its message says it reverts.
select sha, coalesce(reverts, []) as reverts, coalesce(reverts_pull_requests, []) as reverts_pull_requests
from commits
where repository = $repository and sha in (select unnest($ids))
order by sha
