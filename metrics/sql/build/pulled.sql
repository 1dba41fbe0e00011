-- The pull request that lists an open commit as its own; of several the one with the highest number.
insert into pulled
select p.repository, p.sha, max(p.number)
from (
    select repository, number, unnest(commits) as sha from pull_requests where repository in (select unnest($repositories))
    qualify row_number() over (partition by repository, number order by source desc) = 1
) p
group by p.repository, p.sha;
