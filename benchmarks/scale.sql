-- A made-up organisation as facts: services shared out to teams, two years from 2024-01-01, one production
-- environment. Some deployments have a rollback or an incident as evidence against them.

insert into services
select i, format('service-{:04d}', i), format('acme/service-{:04d}', i), null, null from range($services) t(i);

insert into team_services
select format('team-{:03d}', i // ($services // $teams)), format('service-{:04d}', i), null, null from range($services) t(i);

insert into deployment_facts by name
with numbered as (
    select i, i // ($deployments // $services) as s, i % ($deployments // $services) as n from range($deployments) t(i)
), timed as (
    select *, timestamp '2024-01-01' + to_seconds((n + (hash(i) % 1000) / 1000.0) * (2 * 365 * 86400.0 / ($deployments // $services))) as at_
    from numbered
)
select s as service_position, s * (1::bigint << 32) + n as number, 'ci/' || i as deployment_id, 'ci' as source, format('service-{:04d}', s) as service,
       format('acme/service-{:04d}', s) as repository, 'production' as environment, true as is_production,
       false as is_rehearsal, case when hash(i) % 40 = 0 then 'failed' else 'succeeded' end as status, 'v' || n as version,
       md5(i::varchar) as sha, at_ - interval 10 minute as created_at, at_ - interval 9 minute as started_at,
       at_ as finished_at, case when n = 0 then 'baseline' when hash(i) % 50 = 1 then 'backward' else 'forward' end as relation,
       'ci/' || (i - 1) as previous_id, 'ci/' || (i - 1) as replaced_id,
       case when hash(i) % 50 = 1 then 'rollback' end as backward_kind, 10 as commits, 8 as changes, 2 as mainline_changes,
       2 as pull_requests, 120 as lines, case when hash(i) % 50 = 1 then ['rollback'] else []::varchar[] end as rework_kinds,
       case when hash(i) % 50 = 1 then 1 else 0 end as rework,
       at_ - interval 1 hour as rehearsed_at, null as actor, 'bot' as actor_kind, 'r' || i as run_id
from timed
order by service, finished_at;

insert into change_facts by name
with numbered as (
    select i, i // ($commits // $deployments) as d from range($commits) t(i)
)
select f.service_position, f.environment, f.repository, md5('c' || i) as sha, i % 5 = 0 as is_merge, i % 5 = 0 as mainline,
       hash(i) % 7 = 0 as is_bot, md5('a' || (hash(i) % 20)) as author, i // 5 as pull_request,
       f.finished_at - to_seconds(600 + hash(i) % 200000) as authored_at,
       f.finished_at - to_seconds(300 + hash(i) % 100000) as committed_at,
       f.finished_at - to_seconds(600 + hash(i // 5) % 200000) as first_commit_at,
       f.finished_at - to_seconds(300 + hash(i // 5) % 100000) as opened_at,
       f.finished_at - to_seconds(200 + hash(i // 5) % 5000) as merged_at,
       f.number as deployment_number, f.finished_at as left_at
from numbered join deployment_facts f on f.deployment_id = 'ci/' || d
order by f.service, f.finished_at;

insert into change_facts by name
select i % $services as service_position, 'production' as environment,
       format('acme/service-{:04d}', i % $services) as repository, md5('w' || i) as sha, false as is_merge, true as mainline,
       false as is_bot, timestamp '2025-12-30' as authored_at, timestamp '2025-12-30' as committed_at,
       timestamp '2025-12-31' as merged_at, make_timestamp(1::bigint << 62) as left_at
from range(20 * $services) t(i) order by service_position;

insert into pull_request_facts by name
with numbered as (
    select i, i // 2 as d from range(2 * $deployments) t(i)
)
select f.service_position, f.service, f.environment, f.repository, i as number, 'Pull request ' || i as title, false as is_bot, []::varchar[] as labels,
       f.finished_at - interval 20 hour as first_commit_at, f.finished_at - interval 10 hour as opened_at,
       f.finished_at - interval 8 hour as first_review_at, f.finished_at - to_seconds(200 + hash(i) % 5000) as merged_at,
       f.deployment_id, f.finished_at as deployed_at, 36000 as coding_seconds, 7200 as pickup_seconds,
       20000 as review_seconds, 600.0 + hash(i) % 1000 as deploy_seconds, 60 as lines
from numbered join deployment_facts f on f.deployment_id = 'ci/' || d
order by f.service, f.finished_at;

insert into failure_evidence by name
select f.service_position, b.number as deployment_number, b.environment, b.finished_at as deployed_at,
       f.number as recovery_number, f.replaced_id as deployment_id, 'rollback' as kind, 'deployment' as evidence, f.deployment_id as evidence_id,
       f.finished_at as evidence_at, f.deployment_id as recovery_id, f.finished_at as recovered_at, 0.85 as confidence,
       'rule' as decided_by
from deployment_facts f join deployment_facts b on b.deployment_id = f.replaced_id
where f.backward_kind = 'rollback';

insert into incident_facts by name
select service_position, 'pager/' || deployment_id as incident_id, service, 'Incident' as title, finished_at + interval 5 minute as impact_started_at,
       finished_at + interval 10 minute as detected_at, finished_at + interval 2 hour as resolved_at, deployment_id
from deployment_facts where hash(deployment_id) % 33 = 0
order by service, finished_at;

insert into failure_evidence by name
select i.service_position, d.number as deployment_number, d.environment, d.finished_at as deployed_at, i.deployment_id,
       'linked_incident' as kind, 'incident' as evidence, i.incident_id as evidence_id, i.detected_at as evidence_at,
       i.resolved_at as recovered_at, 0.95 as confidence, 'rule' as decided_by
from incident_facts i join deployment_facts d on d.deployment_id = i.deployment_id;

create or replace table failure_evidence as from failure_evidence order by service_position, deployed_at;

create or replace table change_facts as from change_facts order by service_position, left_at
