-- One row: the production patterns, $patterns, of the organisation or a $service, the environments, $names, and how many deployments
-- they have, $deployments.
select $service::varchar as service, $patterns as subject, $names as detail, null::double as seconds,
       $deployments::bigint as rows, 0 as changes
