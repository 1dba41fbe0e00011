-- The open commits whose messages say that they take something back, and what they name.
select repository, position, subject, reverts, reverts_pull_requests
from open_commits
where len(reverts) > 0 or len(reverts_pull_requests) > 0 or starts_with(subject, 'Revert') or starts_with(subject, 'Reapply')
order by repository, position
