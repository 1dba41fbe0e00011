-- One row per environment that deployment records name, most used first.
-- deployments: all records; production / rehearsal: whether the definitions take it for that; null: no known service uses it.
select r.environment, count(*) as deployments, max(r.finished_at) as newest,
       any_value(f.is_production) as production, any_value(f.is_rehearsal) as rehearsal
from deployments r
left join (
    select environment, is_production, is_rehearsal from deployment_facts union select environment, true, false from region_facts
) f
    on f.environment = r.environment
group by r.environment
order by deployments desc, r.environment
