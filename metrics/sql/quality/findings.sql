-- One row per finding, over all services. services: how many it touches, those of no service apart; examples: up to five.
with examples as (
    select finding, min(w, 5) as worst from (select finding, unnest(worst) as w from quality_summary) group by finding
)
select s.finding, sum(s.found)::bigint as found, sum(s.rows)::bigint as rows, sum(s.changes)::bigint as changes,
       count(s.service) as services, max(s.largest_seconds) as largest_seconds,
       list_transform(any_value(e.worst), lambda x: x.subject || ': ' || x.detail) as examples
from quality_summary s join examples e using (finding)
group by s.finding order by s.finding
