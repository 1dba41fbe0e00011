-- One row per deployment of $ids and path that a commit it shipped changed; empty when no paths are kept.
with shipped as (
    select c.sha, d.deployment_id
    from deployment_facts d join change_facts c on c.deployment_number = d.number
    where c.repository = $repository and list_contains($ids, d.deployment_id) and not c.is_merge
)
select distinct s.deployment_id, p.path
from shipped s join commit_paths p on p.repository = $repository and p.sha = s.sha
order by s.deployment_id, p.path
