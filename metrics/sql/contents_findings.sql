-- One row per kind of quality finding: how many there are.
select finding, count(*) from quality_facts group by finding order by finding
