-- One row per shipped pull request of which a clock is unknown, so that a stage of its lead time is; bots' only with $bots.
-- $only: of these services; empty for all but $others.
select service, repository || '#' || number as subject,
       concat_ws(', ', case when first_commit_at is null then 'no first commit' end, case when opened_at is null then 'not known when opened' end,
                 case when first_review_at is null then 'no review' end) as detail,
       null::double as seconds, 0 as rows, 1 as changes
from pull_request_facts
where deployment_id is not null and ($bots or not is_bot)
    and (list_contains($only::varchar[], service) or (len($only::varchar[]) = 0 and not list_contains($others::varchar[], service)))
    and (first_commit_at is null or opened_at is null or first_review_at is null)
