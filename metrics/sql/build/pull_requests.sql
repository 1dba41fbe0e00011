-- The pull requests of $repositories.
select repository, source, number, title, author, is_bot, head_branch, labels, first_commit_at, opened_at, ready_at, first_review_at,
       merged_at, nullif(merge_sha, '') as merge_sha, commits, reviews, checks, additions + deletions as lines, url
from pull_requests where repository between $first and $last and repository in (select unnest($repositories))
