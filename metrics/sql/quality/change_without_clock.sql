-- One row per service and shipped change without the moment at which its lead time starts ($change, $clock, bots' only with $bots).
-- $only: of these services; empty for all but $others.
with told as (select if($clock = 'first_commit', 'its first commit is not known', 'no moment it was ' || $clock) as detail)
select service, sha as subject, detail, null::double as seconds, 0 as rows, count(*) as changes
from change_facts c join services s on s.position = c.service_position, told
where $change <> 'pull_request' and deployment_number is not null and ($bots or not is_bot)
    and (list_contains($only::varchar[], service) or (len($only::varchar[]) = 0 and not list_contains($others::varchar[], service)))
    and case $change when 'commit' then not is_merge when 'mainline' then mainline else true end
    and case $clock when 'committed' then committed_at when 'authored' then authored_at
                    when 'first_commit' then first_commit_at when 'opened' then opened_at else merged_at end is null
group by service, sha, detail
union all
select service, repository || '#' || number, detail, null, 0, count(*)
from pull_request_facts, told
where $change = 'pull_request' and deployment_id is not null and ($bots or not is_bot)
    and (list_contains($only::varchar[], service) or (len($only::varchar[]) = 0 and not list_contains($others::varchar[], service)))
    and case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end is null
group by service, repository, number, detail
