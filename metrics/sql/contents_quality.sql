-- One row per quality finding, the first $most: findings that are rare come first, so that none hides behind another.
select finding, service, subject, detail
from quality_facts
order by count(*) over (partition by finding), finding, service, subject
limit $most
