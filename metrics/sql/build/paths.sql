-- The paths that the commits of $repositories changed.
select p.repository, o.position, p.path
from commit_paths p join open_commits o on o.repository = p.repository and o.sha = p.sha
where p.repository in (select unnest($repositories)) order by p.repository
