-- One row per service and shipped change that began, by its clock, after the deployment that shipped it ($change, $clock, bots' only
-- with $bots). seconds: by how much. $only: of these services; empty for all but $others.
-- Found by their clocks alone first: what else is said of ten million changes takes ten times as long to read.
with early as (
    select rowid as row_ from change_facts
    where $change <> 'pull_request'
        and case $clock when 'committed' then committed_at when 'authored' then authored_at
                        when 'first_commit' then first_commit_at when 'opened' then opened_at else merged_at end > left_at
),
commits as materialized (
    select service_position, sha as subject, is_merge, mainline, is_bot, epoch_us(left_at) as deployed_us,
           epoch_us(case $clock when 'committed' then committed_at when 'authored' then authored_at
                                when 'first_commit' then first_commit_at when 'opened' then opened_at else merged_at end) as began_us
    from change_facts where rowid in (from early)
),
requests as (
    select service, repository || '#' || number as subject, is_bot, epoch_us(deployed_at) as deployed_us,
           epoch_us(case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end) as began_us
    from pull_request_facts where $change = 'pull_request'
),
changes as (
    select service, subject, is_bot, began_us - deployed_us as late_us from commits c join services s on s.position = c.service_position
    where case $change when 'commit' then not is_merge when 'mainline' then mainline else true end
    union all
    select service, subject, is_bot, began_us - deployed_us from requests
)
select service, subject,
       format('{} {} after it was deployed', if($clock = 'first_commit', 'its first commit was made', $clock), in_words(max(late_us))) as detail,
       max(late_us) / 1e6 as seconds, 0 as rows, count(*) as changes
from changes
where late_us > 0 and ($bots or not is_bot)
    and (list_contains($only::varchar[], service) or (len($only::varchar[]) = 0 and not list_contains($others::varchar[], service)))
group by service, subject
