-- One row: how many rows the metrics have in all, to set the touched ones beside.
select (select count(*) from deployment_facts where is_production and status = 'succeeded') as deployments,
       (select count(*) from change_facts where deployment_id is not null) as changes,
       (select count(*) from pull_request_facts where deployment_id is not null) as pull_requests,
       (select count(distinct incident_id) from incident_facts) as incidents,
       (select count(distinct deployment_id) from failure_evidence where kind not in ('out_of_order', 'replay', 'absolved')) as failures
