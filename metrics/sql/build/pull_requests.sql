-- The pull requests of $repositories; merge: the number of the commit that the merge made, null when it is not stored.
select o.position as merge, p.repository, p.source, p.number, p.title, p.author, p.is_bot, p.head_branch, p.labels, p.first_commit_at,
       p.opened_at, p.ready_at, p.first_review_at, p.merged_at, nullif(p.merge_sha, '') as merge_sha, p.reviews, p.checks,
       p.additions + p.deletions as lines, p.url
from pull_requests p left join open_commits o on o.repository = p.repository and o.sha = lower(p.merge_sha)
where p.repository in (select unnest($repositories))
order by p.repository, p.number, p.source
