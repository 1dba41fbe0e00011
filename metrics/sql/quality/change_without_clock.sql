-- One row per service and shipped change without the moment at which its lead time starts ($change, $clock).
-- $only: of these services; empty for all but $others.
select service, sha as subject, 'no moment it was ' || replace($clock, '_', ' ') as detail, null::double as seconds,
       0 as rows, count(*) as changes
from change_facts
where $change <> 'pull_request' and deployment_id is not null
    and (list_contains($only::varchar[], service) or (len($only::varchar[]) = 0 and not list_contains($others::varchar[], service)))
    and ($change <> 'commit' or not is_merge) and ($change <> 'mainline' or mainline)
    and case $clock when 'committed' then committed_at when 'authored' then authored_at
                    when 'first_commit' then first_commit_at when 'opened' then opened_at else merged_at end is null
group by service, sha
union all
select service, repository || '#' || number, 'no moment it was ' || replace($clock, '_', ' '), null, 0, count(*)
from pull_request_facts
where $change = 'pull_request' and deployment_id is not null
    and (list_contains($only::varchar[], service) or (len($only::varchar[]) = 0 and not list_contains($others::varchar[], service)))
    and case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end is null
group by service, repository, number
