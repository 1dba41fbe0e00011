-- Every (service, repository) that a deployment names, in the order in which they first come.
select service, repository from deployments group by all order by min(rowid)
