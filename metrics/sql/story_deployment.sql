-- One row: the deployment $id; actor is a name from people when $names, else null.
select
    d.deployment_id, d.source, d.service, d.repository, d.environment, d.is_production, d.status, d.version, d.sha,
    d.unresolved_reason, d.digest, d.created_at, d.started_at, d.finished_at, d.relation, d.backward_kind,
    d.previous_id, d.replaced_id, d.commits, d.changes, d.mainline_changes, d.pull_requests, d.lines, d.rework_kinds,
    d.rehearsed_at, p.name as actor, d.actor_kind, d.run_id, d.mechanism, d.url
from deployment_facts d
left join (select author, min(name) as name from people group by author) p on $names and p.author = d.actor
where d.deployment_id = $id
