-- The commits that pull requests of $repositories list as their own; of several that list one, the highest number comes last.
select repository, unnest(commits) as sha, number from pull_requests where repository between $first and $last and repository in (select unnest($repositories))
qualify row_number() over (partition by repository, number order by source desc) = 1
order by repository, number
