-- One row per deployment that a decision of people may be about: the succeeded ones in production of $services, and those
-- to their regions.
with live as (
    select deployment_id, service, environment, version, finished_at from deployment_facts
    where is_production and status = 'succeeded' and finished_at is not null and list_contains($services::varchar[], service)
)
from live
union all
select r.region_deployment_id, r.service, r.environment, l.version, r.finished_at from region_facts r join live l using (deployment_id)
