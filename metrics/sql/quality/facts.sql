-- Rows of quality_facts out of quality_summary: those subjects that it kept.
insert into quality_facts by name
select finding, service, w.subject as subject, w.detail as detail
from (select finding, service, unnest(worst) as w from quality_summary) order by all
