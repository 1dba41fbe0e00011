-- The incidents that are placed again, whose facts go: those of services of `rebuilt`, those of which a record changed, and those that name
-- nothing but a deployment called as a changed one is, or nothing but a commit, and those that people's decisions name (`decided`), which
-- may be about deployments of any service. `unlike`: the services that have or had facts of these.
create temp table wanted_ids as
select incident_id from incident_facts where service_position in (from rebuilt)
union select source || '/' || id from (from was_incidents union all from now_incidents)
union select source || '/' || id from incidents
where service is null and repository is null
    and (deployment in (from changed_names) or (deployment is null and length(sha) >= 40))
union select source || '/' || id from incidents where id in (from decided) or source || '/' || id in (from decided);
create temp table unlike as
select service_position from incident_facts where incident_id in (from wanted_ids) union from rebuilt;
create temp table wanted_incidents as from incidents where source || '/' || id in (from wanted_ids);
delete from incident_facts where incident_id in (from wanted_ids);
