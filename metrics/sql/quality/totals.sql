-- One row: how many rows the metrics have in all, to set the touched ones beside; each service's by its definitions: $change, $bots
-- and $kinds (of failures, divided by spaces), but for the services $own, which have $own_change, $own_bots and $own_kinds.
with own as (
    select unnest($own::varchar[]) as service, unnest($own_change::varchar[]) as change,
           unnest($own_bots::boolean[]) as bots, unnest($own_kinds::varchar[]) as kinds
),
rules as (
    select s.position as service_position, coalesce(o.change, $change) as change, coalesce(o.bots, $bots) as bots,
           string_split(coalesce(o.kinds, $kinds), ' ') as kinds
    from services s left join own o using (service)
),
-- What deployments shipped is told with them; without bots' changes these are counted, one by one.
shipped as (
    select sum(case change when 'commit' then changes when 'all_commits' then commits when 'mainline' then mainline_changes else 0 end) as n
    from deployment_facts d join rules r on r.service_position = d.service_position
    where is_production and bots
),
by_people as (
    select count(*) as n from change_facts c join rules r on r.service_position = c.service_position
    where not r.bots and not c.is_bot and c.deployment_number is not null and r.change <> 'pull_request'
        and case r.change when 'commit' then not c.is_merge when 'mainline' then c.mainline else true end
),
requests as (
    select count(*) as every, count(*) filter (change = 'pull_request') as counted
    from pull_request_facts p join rules r on r.service_position = p.service_position
    where deployment_id is not null and (bots or not is_bot)
),
failed as (
    select count(distinct deployment_id) as n from failure_evidence e join rules r on r.service_position = e.service_position
    where e.deployed_at is not null and list_contains(r.kinds, e.kind)
        and e.deployment_id not in (select deployment_id from failure_evidence where kind = 'absolved')
)
select (select count(*) from deployment_facts where is_production and status = 'succeeded') as deployments,
       (select coalesce(n, 0) from shipped) + (select n from by_people) + (select counted from requests) as changes,
       (select every from requests) as pull_requests,
       (select count(distinct incident_id) from incident_facts) as incidents,
       (select n from failed) as failures
