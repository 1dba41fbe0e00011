-- One row per service: succeeded production deployments, those with an unknown commit and the most frequent reason, changes shipped, newest deployment.
select s.service, count(d.deployment_id) as deployments,
       count(*) filter (where d.relation = 'unresolved') as unresolved,
       mode(d.unresolved_reason) filter (where d.relation = 'unresolved') as reason,
       coalesce(sum(d.commits), 0)::bigint as commits, max(d.finished_at) as newest
from services s
left join deployment_facts d on d.service = s.service and d.is_production and d.status = 'succeeded'
group by s.service
order by s.service
