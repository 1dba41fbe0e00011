-- Of what was found before only the findings $kept of other services than those of `unlike` stay.
delete from quality_summary
where not list_contains($kept::varchar[], finding) or service is null
    or service in (select service from services where position in (from unlike))
