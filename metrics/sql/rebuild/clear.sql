-- What every build makes anew for all services.
delete from services;
delete from team_services;
delete from quality_facts;
insert into moving
select distinct coalesce(nullif(service, ''), repository) from (from was_deployments union all from now_deployments);
delete from replay_moves r
where exists (from moving m where m.named is not distinct from r.named);
