-- One row: the service $service, whose path globs, $globs, match nothing that a commit of $repository changed.
select $service::varchar as service, $service::varchar as subject,
       format('no commit of {} changed anything that {} matches', $repository, $globs) as detail, null::double as seconds,
       (select count(*) from deployment_facts where service = $service and is_production and status = 'succeeded') as rows, 0 as changes
