-- The facts of all services again, after again.sql.
drop table temp.deployment_facts;
drop table temp.change_facts;
drop table temp.pull_request_facts;
drop table temp.failure_evidence;
drop table temp.incident_facts;
