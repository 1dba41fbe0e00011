-- One row per merged pull request whose merge is not known to be any commit: it is in no figure about pull requests.
-- Its commits, which may be stored under other ids, count as changes all the same. The service is that of the repository
-- where it has only one.
with owners as (
    select repository, if(count(*) = 1, any_value(service), null) as service from services group by repository
)
select o.service, u.repository || '#' || u.number as subject,
       u.reason || case u.reason
           when 'commits_elsewhere' then ': its commits are stored, but not all on the default branch'
           when 'merge_not_stored' then ': the merge commit that the host names is not in the history, and no subject names it'
           else ': neither the host nor a subject names its merge commit' end as detail,
       null::double as seconds, 0 as rows, 1 as changes
from unmapped_requests u left join owners o using (repository)
