-- One row per deployment that any evidence known at $as_of says one of the deployments $ids mended, with the kinds that say so.
select e.deployment_id, any_value(e.deployment_number) as number, any_value(d.service) as service,
       any_value(d.finished_at) as finished_at, string_agg(distinct e.kind, ', ' order by e.kind) as why
from failure_evidence e join deployment_facts d using (deployment_id)
where e.recovery_id in (select unnest($ids::varchar[])) and e.deployment_id <> e.recovery_id and e.recovered_at <= $as_of
group by e.deployment_id
order by e.deployment_id
