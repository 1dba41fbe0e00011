-- One row per deployment that may have ended a failure, by time: those of $fixes (places in the facts), and every succeeded
-- production deployment until $until from the first of the failed ones of $unnamed on, whose end names no deployment.
-- What came after the period is here too, for that is when many fixes come.
with lines as (
    select service, environment, min(finished_at) as since
    from deployment_facts where number in (select unnest($unnamed::bigint[])) group by service, environment
)
select d.number, d.service, d.environment, d.finished_at, d.relation, d.backward_kind, d.mechanism
from deployment_facts d
left join lines l on l.service = d.service and l.environment = d.environment and d.finished_at >= l.since
where d.number in (select unnest($fixes::bigint[]))
    or (l.service is not null and d.is_production and d.status = 'succeeded' and d.finished_at <= $until)
order by d.finished_at, d.number
