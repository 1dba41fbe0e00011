-- One row per check that went badly and names no deployment that is known, or one of several. `-`: it names none at all.
with bad as (
    select source, id, deployment from verifications where status in ('failed', 'regressed') and deployment <> '-'
), called as (
    select b.source, b.id, d.source || '/' || d.id as full_id, d.source = b.source as own from bad b join deployments d on d.id = b.deployment
    union
    select b.source, b.id, d.source || '/' || d.id, true from bad b join deployments d on d.source || '/' || d.id = b.deployment
    union
    select b.source, b.id, c.deployment_id, true from bad b join called_names c on c.name = b.deployment
    where c.shared and c.name not in (c.id, c.full_id)
), found as (
    select source, id, count(*) filter (own) as own, count(*) as all_, string_agg(full_id, ', ' order by full_id) as names
    from called group by source, id
)
select null::varchar as service, b.source || '/' || b.id as subject,
       format('it names deployment {}, {}', b.deployment, coalesce('as several are called: ' || f.names, 'of which there is no record')) as detail,
       null::double as seconds, 1 as rows, 0 as changes
from bad b left join found f on f.source = b.source and f.id = b.id
where f.source is null or (f.own <> 1 and f.all_ <> 1)
