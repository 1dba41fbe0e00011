-- One row per succeeded production deployment that records neither a version nor a commit.
select d.service, d.deployment_id as subject, 'neither a version nor a commit is recorded' as detail,
       null::double as seconds, 1 as rows, coalesce(n.commits, 0) as changes
from deployment_facts d
left join deployment_facts n on n.replaced_id = d.deployment_id and n.relation <> 'unresolved'
where d.is_production and d.relation = 'unresolved' and d.version is null and d.sha is null
