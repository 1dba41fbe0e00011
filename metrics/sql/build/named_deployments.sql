-- The deployments that incidents name, by what they may be called; of several with one name the last in time counts.
with named as (
    select distinct name from (select deployment as name from incidents union all select fix_deployment from incidents)
    where name is not null
), candidates as (
    select d.id, d.source || '/' || d.id || case when n.shared then '#' || n.service else '' end as deployment_id,
           coalesce(d.finished_at, d.created_at) as at_, coalesce(d.sequence, 0) as sequence
    from deployments d
    join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository
), found as (
    select id as name, deployment_id, at_, sequence from candidates where id in (from named)
    union all
    select deployment_id as name, deployment_id, at_, sequence from candidates where deployment_id in (from named)
)
select name, deployment_id from found order by at_ nulls first, sequence, deployment_id
