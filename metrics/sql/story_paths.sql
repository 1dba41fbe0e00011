-- One row per deployment of $ids and path that a commit it shipped changed; empty when no paths are kept.
select distinct c.deployment_id, p.path
from change_facts c
join commit_paths p on p.repository = c.repository and p.sha = c.sha
where c.repository = $repository and list_contains($ids, c.deployment_id) and not c.is_merge
order by c.deployment_id, p.path
