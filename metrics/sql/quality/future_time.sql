-- One row per commit, deployment, incident, pull request or flag change that carries a time after $now. seconds: how far ahead.
-- rows: it, when it succeeded in production; changes: what was shipped there, once even if both its times are ahead.
with others as (
    select source || '/' || id as subject, 'incident' as kind, greatest(impact_started_at, detected_at, mitigated_at, resolved_at) as at_ from incidents
    union all select repository || '#' || number, 'pull request', greatest(opened_at, merged_at) from pull_requests
    union all select 'flag ' || flag, 'changed', changed_at from flag_changes
),
made as (
    select sha, count(*) as changes from change_facts
    where committed_at > $now::timestamp and deployment_number is not null group by sha
),
shipped as (
    select deployment_number as number, count(*) as changes from change_facts
    where deployment_number is not null and left_at > $now::timestamp and (committed_at > $now::timestamp) is not true
    group by deployment_number
)
select null::varchar as service, c.sha as subject,
       format('committed {} after now', in_words(epoch_us(committed_at) - epoch_us($now::timestamp))) as detail,
       (epoch_us(committed_at) - epoch_us($now::timestamp)) / 1e6 as seconds, 0 as rows, coalesce(m.changes, 0) as changes
from commits c left join made m using (sha) where committed_at > $now::timestamp
union all
select service, d.deployment_id, format('finished {} after now', in_words(epoch_us(finished_at) - epoch_us($now::timestamp))),
       (epoch_us(finished_at) - epoch_us($now::timestamp)) / 1e6, if(is_production and status = 'succeeded', 1, 0), coalesce(s.changes, 0)
from deployment_facts d left join shipped s using (number) where finished_at > $now::timestamp
union all
select null, subject, format('{} {} after now', if(kind = 'changed', kind, 'a moment of this ' || kind || ' is'), in_words(epoch_us(at_) - epoch_us($now::timestamp))),
       (epoch_us(at_) - epoch_us($now::timestamp)) / 1e6, 0, 0
from others where at_ > $now::timestamp
