-- The third and later parents of the open commits, in git's order.
select c.repository, c.position, p.position as parent
from (
    select position, repository, unnest(parents[3:]) as parent, generate_subscripts(parents[3:], 1) as nth
    from open_commits where len(parents) > 2
) c
join open_commits p on p.repository = c.repository and p.sha = c.parent
order by c.repository, c.position, c.nth
