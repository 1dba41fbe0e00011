-- All: the moves of every service are looked for.
insert into moving
select distinct coalesce(n.service, nullif(d.service, ''), d.repository)
from (select distinct service, repository from deployments) d
left join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository;
