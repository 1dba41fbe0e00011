-- One row per commit or deployment that carries a time after $now. seconds: how far ahead.
-- rows: it, when it succeeded in production; changes: what was shipped there, once even if both its times are ahead.
with made as (
    select sha, count(*) as changes from change_facts
    where committed_at > $now::timestamp and deployment_id is not null group by sha
),
shipped as (
    select deployment_id, count(*) as changes from change_facts
    where deployed_at > $now::timestamp and (committed_at > $now::timestamp) is not true group by deployment_id
)
select null::varchar as service, c.sha as subject,
       format('committed {:.1f} hours after now', (epoch_us(committed_at) - epoch_us($now::timestamp)) / 3.6e9) as detail,
       (epoch_us(committed_at) - epoch_us($now::timestamp)) / 1e6 as seconds, 0 as rows, coalesce(m.changes, 0) as changes
from commits c left join made m using (sha) where committed_at > $now::timestamp
union all
select service, d.deployment_id, format('finished {:.1f} hours after now', (epoch_us(finished_at) - epoch_us($now::timestamp)) / 3.6e9),
       (epoch_us(finished_at) - epoch_us($now::timestamp)) / 1e6, if(is_production and status = 'succeeded', 1, 0), coalesce(s.changes, 0)
from deployment_facts d left join shipped s using (deployment_id) where finished_at > $now::timestamp
