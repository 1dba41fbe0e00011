-- The checks after deployments that went badly. meant: the deployment, as SOURCE/ID where one is known: of several that are
-- called so the one of the check's own source; null when that is not one either. As its `deployment_id` where the check says that.
with bad as (
    from verifications where status in ('failed', 'regressed')
), called as (
    select b.source, b.id, d.source || '/' || d.id as full_id, d.source = b.source as own from bad b join deployments d on d.id = b.deployment
    union
    select b.source, b.id, d.source || '/' || d.id, true from bad b join deployments d on d.source || '/' || d.id = b.deployment
    union
    select b.source, b.id, c.deployment_id, true from bad b join called_names c on c.name = b.deployment
    where c.shared and c.name not in (c.id, c.full_id)
), found as (
    select source, id, case when count(*) filter (own) = 1 then any_value(full_id) filter (own)
                            when count(*) = 1 then any_value(full_id) end as full_id
    from called group by source, id
)
select b.*, case when f.source is null then b.deployment else f.full_id end as meant
from bad b left join found f on f.source = b.source and f.id = b.id
order by b.source, b.id
