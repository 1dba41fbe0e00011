-- One row per finding about the production patterns: subject is the patterns, detail the environments.
select finding, subject, detail from quality_facts
where finding in (select unnest($findings::varchar[]))
order by finding
