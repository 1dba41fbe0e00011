-- One row per finding about deployment $id, its version or its commit.
select finding, detail from quality_facts
where list_contains($subjects, subject) and (service is null or service = $service)
order by finding, detail
