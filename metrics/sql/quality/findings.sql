-- One row per finding, over all services. services: how many it touches, those of no service apart; examples: up to five;
-- kinds: what stands in brackets at the end of its subjects, which are the kinds of record of sources.
with kept as (
    select finding, unnest(worst) as w from quality_summary
),
examples as (
    select finding, min(w, 5) as worst from kept group by finding
),
kinds as (
    select finding, list(distinct regexp_extract(w.subject, ' \(([a-z ]+)\)$', 1)) as kinds from kept
    where finding = 'stale_source' group by finding
)
select s.finding, sum(s.found)::bigint as found, sum(s.rows)::bigint as rows, sum(s.changes)::bigint as changes,
       count(s.service) as services, max(s.largest_seconds) as largest_seconds,
       list_transform(any_value(e.worst), lambda x: x.subject || ': ' || x.detail) as examples, any_value(k.kinds) as kinds
from quality_summary s join examples e using (finding) left join kinds k using (finding)
group by s.finding order by s.finding
