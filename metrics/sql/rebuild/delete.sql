-- The facts of the services of `rebuilt` and of the repositories of `reread`, which are made anew.
delete from deployment_facts where service_position in (from rebuilt);
delete from change_facts where service_position in (from rebuilt);
delete from pull_request_facts where service_position in (from rebuilt);
delete from failure_evidence where service_position in (from rebuilt);
delete from region_facts where service in (select service from services where position in (from rebuilt));
delete from unmapped_requests where repository in (from reread);
