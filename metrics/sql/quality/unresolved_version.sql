-- One row per succeeded production deployment whose version is no known commit.
-- changes: those that the next known deployment ships in its place, and so later than they really were.
select d.service, d.deployment_id as subject, coalesce(d.unresolved_reason, 'no known commit') as detail,
       null::double as seconds, 1 as rows, coalesce(n.commits, 0) as changes
from deployment_facts d
left join deployment_facts n on n.replaced_id = d.deployment_id and n.relation <> 'unresolved'
where d.is_production and d.relation = 'unresolved' and (d.version is not null or d.sha is not null)
