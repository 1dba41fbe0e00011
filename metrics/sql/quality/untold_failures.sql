-- Two rows where deployments to production are recorded, but no incident and no check after a deployment.
-- rows: how many deployments these are, told once.
with touched as (
    select count(*) as deployments from deployment_facts where is_production and status = 'succeeded'
)
select null::varchar as service, kind as subject, 'no source has recorded any' as detail, null::double as seconds,
       if(kind = 'incidents', deployments, 0) as rows, 0 as changes
from touched, (values ('incidents'), ('checks after deployments')) kinds(kind)
where deployments > 0 and not exists (from incidents) and not exists (from verifications)
