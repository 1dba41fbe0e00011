-- One row: the names in the facts as sorted lists, and the first and last finished production deployment.
select
    (select list(distinct team order by team) from team_services) as teams,
    (select list(distinct service order by service) from services) as services,
    (select list(distinct environment order by environment) from deployment_facts where is_production) as environments,
    (
        select list(distinct environment order by environment) from deployment_facts
        where environment not in (select environment from deployment_facts where is_production)
    ) as other_environments,
    (select min(finished_at) from deployment_facts where is_production) as first_at,
    (select max(finished_at) from deployment_facts where is_production) as last_at
