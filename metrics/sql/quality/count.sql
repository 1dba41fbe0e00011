-- Counted rows of quality_summary: what stands between the brackets finds one row per subject of finding $finding.
insert into quality_summary
select $finding, service, count(*), sum(rows), sum(changes), max(seconds),
       min({place: -coalesce(seconds, 0), subject: subject, detail: detail}, 500)
from (
