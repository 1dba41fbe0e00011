-- One row per production incident and service that began (impact, else detected) in [$start, $end).
-- resolved_us: $never while open; shared: the number of an incident of several services, -1 of all others.
select service_position, epoch_us(coalesce(impact_started_at, detected_at)) as at_us,
       coalesce(epoch_us(resolved_at), $never) as resolved_us,
       coalesce(shared, -1) as shared
from incident_facts
where service_position between $first and $last
    and coalesce(impact_started_at, detected_at) >= $start and coalesce(impact_started_at, detected_at) < $end
