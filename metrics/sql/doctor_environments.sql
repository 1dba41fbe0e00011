-- One row per environment that deployment records name, most used first.
-- deployments: all records, each once; production / rehearsal / neither: the services that deploy there, by what the definitions
-- of each take it for; all three are empty where no known service does.
with judged as (
    select environment, service, is_production, is_rehearsal from deployment_facts
    union all select environment, service, true, false from region_facts
),
kinds as (
    select environment, service,
           case when bool_or(is_production) then 'production' when bool_or(is_rehearsal) then 'rehearsal' else 'neither' end as kind
    from judged group by environment, service
),
taken as (
    select environment, list(service order by service) filter (kind = 'production') as production,
           list(service order by service) filter (kind = 'rehearsal') as rehearsal,
           list(service order by service) filter (kind = 'neither') as neither
    from kinds group by environment
),
named as (
    select environment, count(*) as deployments, max(finished_at) as newest from deployments group by environment
)
select environment, deployments, newest, coalesce(production, []) as production, coalesce(rehearsal, []) as rehearsal,
       coalesce(neither, []) as neither
from named left join taken using (environment)
order by deployments desc, environment
