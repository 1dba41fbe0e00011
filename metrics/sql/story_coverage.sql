-- One row: whether the data holds any pull request of $repository, any incident of $service, any verification.
select
    exists (from pull_requests where repository = $repository) as has_pull_requests,
    exists (from incident_facts where service = $service) as has_incidents,
    exists (from verifications) as has_verifications
