-- One row per succeeded production deployment of $services finished from $start until $until, by time.
-- What a failure may have been ended by; the deployments after the period too, for that is when many fixes come.
select number, service, environment, finished_at, relation, backward_kind, mechanism
from deployment_facts
where is_production and status = 'succeeded' and finished_at >= $start and finished_at <= $until
    and service in (select unnest($services::varchar[]))
order by finished_at, number
