-- One row: the deployment $id, by the environment of its region where it is that of one.
select d.deployment_id, d.service, coalesce(r.environment, d.environment), d.version, d.finished_at
from deployment_facts d left join region_facts r on r.region_deployment_id = d.deployment_id
where d.deployment_id = $id
