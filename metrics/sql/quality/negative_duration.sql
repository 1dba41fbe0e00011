-- One row per deployment, incident or shipped pull request of which a later moment lies before an earlier one.
select service, deployment_id as subject, 'it finished before it was created' as detail,
       (epoch_us(created_at) - epoch_us(finished_at)) / 1e6 as seconds, 0 as rows, 0 as changes
from deployment_facts where created_at > finished_at
union all
select if(count(*) = 1, any_value(service), null), incident_id, 'it was resolved before it began',
       any_value(epoch_us(coalesce(impact_started_at, detected_at)) - epoch_us(resolved_at)) / 1e6, 1, 0
from incident_facts where coalesce(impact_started_at, detected_at) > resolved_at
group by incident_id
union all
select service, repository || '#' || number,
       case when first_commit_at > opened_at then 'its first commit is younger than the pull request'
            when opened_at > first_review_at then 'it was reviewed before it was opened'
            when first_review_at > merged_at then 'it was first reviewed after it was merged'
            else 'it was deployed before it was merged: from its branch, or a clock is wrong' end,
       greatest(epoch_us(first_commit_at) - epoch_us(opened_at), epoch_us(opened_at) - epoch_us(first_review_at),
                epoch_us(first_review_at) - epoch_us(merged_at), epoch_us(merged_at) - epoch_us(deployed_at)) / 1e6, 0, 1
from pull_request_facts
where first_commit_at > opened_at or opened_at > first_review_at or first_review_at > merged_at or merged_at > deployed_at
