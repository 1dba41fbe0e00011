-- Those of which a deployment changed; what was found of their moves before goes.
insert into moving
select distinct coalesce(n.service, nullif(d.service, ''), d.repository)
from (select service, repository from was_deployments union select service, repository from now_deployments) d
left join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository;
delete from replay_moves r
where exists (from moving m where m.mover is not distinct from r.mover);
