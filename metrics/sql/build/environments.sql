-- Every environment that a deployment or an incident names.
select environment from deployments union select environment from incidents order by all
