-- One row per service and change that was committed after the deployment that shipped it. seconds: by how much.
-- Found by their clocks alone first: what else is said of ten million changes takes ten times as long to read.
with early as (
    select rowid as row_ from change_facts where committed_at > deployed_at
)
select service, sha as subject,
       format('committed {:.1f} hours after it was deployed', max(epoch_us(committed_at) - epoch_us(deployed_at)) / 3.6e9) as detail,
       max(epoch_us(committed_at) - epoch_us(deployed_at)) / 1e6 as seconds, 0 as rows, count(*) as changes
from change_facts where rowid in (from early)
group by service, sha
