-- One row: the production patterns, $patterns, the environments, $names, and how many deployments they have, $deployments.
select null::varchar as service, $patterns as subject, $names as detail, null::double as seconds,
       $deployments::bigint as rows, 0 as changes
