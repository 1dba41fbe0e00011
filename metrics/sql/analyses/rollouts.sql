-- One row per attempt that did not succeed, to a region of a service of $regional, but the first of those that are one: part_of.
-- One are those of a version that ended alike in several regions, with no other version succeeding between them; a region
-- that tries again begins the next one.
with attempts as (
    select d.number, d.service, d.status, coalesce(own.environment, whole.environment, d.environment) as region,
           coalesce(nullif(d.version, ''), nullif(d.sha, ''), d.deployment_id) as version,
           coalesce(d.finished_at, d.started_at, d.created_at) as moment
    from deployment_facts d
    left join deployments own on own.source = d.source and own.id = substr(d.deployment_id, length(d.source) + 2)
    left join deployments whole on whole.source = d.source
        and whole.id || '#' || d.service = substr(d.deployment_id, length(d.source) + 2)
    where d.is_production and d.service in (select unnest($regional::varchar[]))
),
placed as (
    select *, count(*) filter (status = 'succeeded') over (partition by service order by moment, number)
              - count(*) filter (status = 'succeeded') over (partition by service, version order by moment, number) as gone_by
    from attempts where moment is not null
),
tries as (
    select *, row_number() over (partition by service, status, version, gone_by, region order by moment, number) as turn
    from placed where status <> 'succeeded'
),
firsts as (
    select number, first_value(number) over (partition by service, status, version, gone_by, turn order by moment, number) as part_of
    from tries
)
select number, part_of from firsts where number <> part_of order by number
