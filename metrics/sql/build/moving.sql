-- All names: the moves of every service are looked for.
insert into moving select distinct coalesce(nullif(service, ''), repository) from deployments;
