-- One row per kind of quality finding: how many there are, those that quality_facts does not keep among them.
select finding, sum(found)::bigint from quality_summary group by finding order by finding
