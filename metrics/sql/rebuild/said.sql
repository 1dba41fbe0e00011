-- The services about whose deployments something changed that other records say: a check that changed, an incident that
-- changed and names no service, or a check or an incident that names a deployment as changed ones are called, and may
-- mean another one now. So with incidents that name no more than a commit, where that is of changed records, or of several
-- repositories, or one of them lost it.
with changed as (
    from was_deployments union all from now_deployments
), names as (
    from changed_names
), alone as (
    select deployment from incidents where service is null and repository is null and deployment in (from names)
    union
    select deployment from (from was_incidents union all from now_incidents)
    where service is null and repository is null and deployment is not null
), checks as (
    select deployment as name from (
        (from was_verifications except all from now_verifications) union all (from now_verifications except all from was_verifications)
    )
    union
    select deployment from verifications where deployment in (from names) and status <> 'succeeded'
), whole as (
    select distinct sha from incidents where service is null and repository is null and deployment is null and length(sha) >= 40
), held as materialized (
    select repository, sha from commits
    where sha in (
        select sha from whole union all select sha from was_incidents where service is null and repository is null and length(sha) >= 40
    )
), moved_shas as (
    select sha from (from was_incidents union all from now_incidents) where service is null and repository is null and deployment is null
    union select sha from changed where sha in (from whole)
    union select sha from held where repository in (select part from changed_parts where table_name = 'commits')
    union select sha from lost_commits where sha in (from whole)
    union select sha from held group by sha having count(*) > 1
), told as (
    from alone union from checks
)
select service_position from called_names where name in (from told)
union
select service_position from called_deployments where sha in (from moved_shas)
union
select s.position from services s join held h on h.repository = s.repository where h.sha in (from moved_shas)
union
select service_position from incident_facts where incident_id in (
    select source || '/' || id from incidents where deployment in (from names) or fix_deployment in (from names)
)
