-- What changed deployments and incidents name: every (service, repository).
select service, repository from was_deployments union select service, repository from now_deployments
union select service, repository from was_incidents union select service, repository from now_incidents
