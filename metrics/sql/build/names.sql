-- Every (service, repository) that a deployment or an incident names.
select distinct service, repository from deployments union select distinct service, repository from incidents order by all
