-- Before the facts stand tables of the same names, with the facts of the services of `unlike` alone, and of the incidents those
-- too that concern several.
create temp table deployment_facts as from deployment_facts where service_position in (from unlike);
create temp table change_facts as from change_facts where service_position in (from unlike);
create temp table pull_request_facts as from pull_request_facts where service_position in (from unlike);
create temp table failure_evidence as from failure_evidence where service_position in (from unlike);
create temp table incident_facts as from incident_facts where shared is not null or service_position in (from unlike);
