-- One row per environment that deployments or incidents name.
-- taken: some service's definitions take it for production; null when no known service deploys there.
with taken as (
    select environment, bool_or(is_production) as taken from deployment_facts group by environment
),
named as (
    select environment from deployments union select environment from incidents where environment is not null
)
select environment, taken from named left join taken using (environment)
order by environment
