-- The open commits by number, their first two parents as numbers.
select o.position, o.repository, o.sha, a.position as first_parent, b.position as second_parent, m.sha is not null as mainline,
       o.is_bot, o.author, o.subject, o.pull_request, p.number as own_pull_request, o.authored_at, o.committed_at
from open_commits o
left join open_commits a on a.repository = o.repository and a.sha = o.parents[1]
left join open_commits b on b.repository = o.repository and b.sha = o.parents[2]
left join (from mainline_commits where repository in (select unnest($repositories))) m on m.repository = o.repository and m.sha = o.sha
left join pulled p on p.repository = o.repository and p.sha = o.sha
order by o.repository, o.position
