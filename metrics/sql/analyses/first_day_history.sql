-- One row: repositories of services with stored commits, and those whose first stored commit is not before $start.
select count(*) as repositories, count(*) filter (began >= $start) as young
from (
    select repository, min(committed_at) as began
    from commits
    where repository in (select repository from services)
    group by repository
)
