-- One row per environment that deployments or incidents name, the most used first.
-- taken: some service's definitions take it for production; null when no known service deploys there.
with taken as (
    select environment, bool_or(is_production) as taken from deployment_facts group by environment
),
named as (
    select environment, count(*) as deployments from deployments group by environment
    union all
    select environment, 0 from incidents
    where environment is not null and environment not in (select environment from deployments) group by environment
)
select environment, deployments, taken from named left join taken using (environment)
order by deployments desc, environment
