-- The commits of $repositories whose messages say that they take something back, and what they name.
select repository, sha, coalesce(subject, '') as subject, coalesce(reverts, []) as reverts,
       coalesce(reverts_pull_requests, []) as reverts_pull_requests
from commits
where repository between $first and $last and repository in (select unnest($repositories))
      and (len(reverts) > 0 or len(reverts_pull_requests) > 0 or starts_with(subject, 'Revert') or starts_with(subject, 'Reapply'))
order by repository, committed_at, sha
