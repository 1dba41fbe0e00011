-- One row per flag change of $service in [$start, $end), in order; a change that names no environment is included.
select coalesce(flag, '') as flag, state, changed_at, actor_kind, url
from flag_changes
where service = $service and (environment is null or environment = $environment)
  and changed_at >= $start and changed_at < $end
order by changed_at, id
