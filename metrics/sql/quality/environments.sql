-- One row per environment that deployments or incidents name.
select environment, count(*) as deployments from deployments group by environment
union all
select environment, 0 from incidents where environment is not null and environment not in (select environment from deployments) group by environment
order by 2 desc, 1
