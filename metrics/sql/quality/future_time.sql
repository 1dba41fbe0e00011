-- One row per commit or deployment that carries a time after $now. seconds: how far ahead.
select null::varchar as service, sha as subject,
       format('committed {:.1f} hours after now', (epoch_us(committed_at) - epoch_us($now::timestamp)) / 3.6e9) as detail,
       (epoch_us(committed_at) - epoch_us($now::timestamp)) / 1e6 as seconds, 0 as rows, 1 as changes
from commits where committed_at > $now::timestamp
union all
select service, deployment_id, format('finished {:.1f} hours after now', (epoch_us(finished_at) - epoch_us($now::timestamp)) / 3.6e9),
       (epoch_us(finished_at) - epoch_us($now::timestamp)) / 1e6, 1, commits
from deployment_facts where finished_at > $now::timestamp
