-- A made-up organisation as records: every service has a repository in which each pull request is four commits on a
-- branch and their merge. Every second merge is deployed; some deployments go back, some fail, some only name a tag,
-- some go to staging; some commits revert an earlier one; an incident in two names its deployment.
-- $from_day .. $until_day: the days, of $days in all, whose records are made; $services: how many services have any.

insert into commits
with numbered as (
    select s, n, n // 5 as pull, n % 5 as k,
           timestamp '2024-01-01' + to_microseconds((n * ($days * 86400e6 / $each))::bigint + s * 1000) as at_
    from range($services) t(s), range(($from_day * $each // $days)::bigint, ($until_day * $each // $days)::bigint) u(n)
)
select format('acme/service-{:04d}', s), sha1(s || '/' || n),
       case when k = 4 and n > 4 then [sha1(s || '/' || (n - 5)), sha1(s || '/' || (n - 1))]
            when k = 4 then [sha1(s || '/' || (n - 1))]
            when k > 0 then [sha1(s || '/' || (n - 1))]
            when n > 0 then [sha1(s || '/' || (n - 1))] else [] end,
       at_ - interval 2 hour, at_, md5('a' || (hash(s, n) % 20)), hash(s, n) % 7 = 0,
       case when k = 4 then 'Merge pull request #' || pull || ' from branch-' || pull else 'Change number ' || n end,
       case when k = 4 then pull end, case when hash(s, n) % 200 = 0 and k < 4 and n > 60 then [sha1(s || '/' || (n - 37))] end, null
from numbered order by s, n;

insert into mainline_commits
select format('acme/service-{:04d}', s), sha1(s || '/' || n)
from range($services) t(s), range(($from_day * $each // $days)::bigint, ($until_day * $each // $days)::bigint) u(n)
where n % 5 = 4 order by s, n;

insert into pull_requests by name
select 'host' as source, repository, pull_request as number, committed_at as updated_at, 'Change ' || pull_request as title,
       author, is_bot, 'merged' as state, 'main' as base_branch, 'branch-' || pull_request as head_branch, []::varchar[] as labels,
       committed_at - interval 30 hour as first_commit_at, committed_at - interval 20 hour as opened_at,
       committed_at - interval 8 hour as first_review_at, committed_at as merged_at, sha as merge_sha,
       [sha1(s || '/' || (n - 4)), sha1(s || '/' || (n - 3)), sha1(s || '/' || (n - 2)), sha1(s || '/' || (n - 1))] as commits,
       40 as additions, 20 as deletions, 3 as changed_files, 1 as reviews
from (select *, repository[-4:]::int as s, pull_request * 5 + 4 as n from commits
      where pull_request is not null and committed_at >= timestamp '2024-01-01' + to_microseconds(($from_day * 86400e6)::bigint))
where s < $services order by repository, number;

insert into tags
select repository, 'release_' || number, merge_sha, merged_at from pull_requests
where number % 6 = 1 and merged_at >= timestamp '2024-01-01' + to_microseconds(($from_day * 86400e6)::bigint);

insert into deployments by name
select 'ci' as source, 's' || s || 'n' || n as id, at_ as updated_at, format('service-{:04d}', s) as service,
       format('acme/service-{:04d}', s) as repository, case when n % 5 = 3 then 'staging' else 'production' end as environment,
       'release_' || shown as version, case when shown % 6 = 1 then null else sha1(s || '/' || (shown * 5 + 4)) end as sha,
       'tag' as commit_rule, case when hash(s, n) % 40 = 0 then 'failed' else 'succeeded' end as status,
       at_ - interval 10 minute as created_at, at_ - interval 9 minute as started_at, at_ as finished_at, 'bot' as actor_kind,
       'r' || s || '/' || n as run_id, 'pipeline' as mechanism
from (select repository[-4:]::int as s, (pull_request // 2) as n, merged_at + interval 1 hour as at_,
             case when hash(s, n) % 50 = 1 and n > 3 then pull_request - 4 else pull_request end as shown
      from (select repository, number as pull_request, merged_at from pull_requests
            where number % 2 = 1 and merged_at >= timestamp '2024-01-01' + to_microseconds(($from_day * 86400e6)::bigint))
      )
where s < $services order by at_;

insert into incidents by name
select 'pager' as source, 'on-' || id as id, finished_at as updated_at, service, repository, 'production' as environment,
       'Incident' as title, finished_at + interval 5 minute as impact_started_at, finished_at + interval 10 minute as detected_at,
       finished_at + interval 2 hour as resolved_at, case when hash(id) % 2 = 0 then id end as deployment, []::varchar[] as labels
from deployments where hash(id) % 5 = 2 and finished_at >= timestamp '2024-01-01' + to_microseconds(($from_day * 86400e6)::bigint)
order by finished_at;
