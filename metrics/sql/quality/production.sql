-- One row per finding about production patterns, the organisation's first: service (null: the organisation), subject is the patterns,
-- detail the environments.
select finding, service, subject, detail from quality_facts
where finding in (select unnest($findings::varchar[]))
order by service nulls first, finding
