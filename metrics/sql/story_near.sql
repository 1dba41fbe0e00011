-- Up to $count production deployments whose id or service@version looks most like $text, newest first among equals.
with named as (
    select
        deployment_id, service, version, environment, finished_at,
        greatest(
            jaro_winkler_similarity(lower(deployment_id), lower($text)),
            jaro_winkler_similarity(lower(service || '@' || coalesce(version, '')), lower($text)),
            case when lower(service) = lower($service) then 0.9 else 0 end
        ) as likeness
    from deployment_facts
    where is_production and status = 'succeeded'
)
select deployment_id, service, version, environment, finished_at from named
order by likeness desc, finished_at desc, deployment_id
limit $count
