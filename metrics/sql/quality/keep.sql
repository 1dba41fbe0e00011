-- Only what was found before stays of the findings $kept, of other services than those of $places.
delete from quality_summary
where not list_contains($kept::varchar[], finding) or service is null
    or service in (select service from services where position in (select unnest($places::integer[])));
