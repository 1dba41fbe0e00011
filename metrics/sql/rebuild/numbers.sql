-- The numbers of deployments again without a gap: those of each service follow those of the service before it.
create temp table shifts as
select service_position, first_ - old as shift from (
    select service_position, min(number) as old, sum(count(*)) over (order by service_position) - count(*) as first_
    from deployment_facts group by service_position
) where first_ <> old;
update deployment_facts d set number = number + s.shift from shifts s where s.service_position = d.service_position;
update failure_evidence e set deployment_number = deployment_number + s.shift, recovery_number = recovery_number + s.shift
from shifts s where s.service_position = e.service_position;
