-- Those of $incidents, as decisions name them, of which a record changed.
select id from (from was_incidents union all from now_incidents) where list_contains($incidents::varchar[], id)
union
select source || '/' || id from (from was_incidents union all from now_incidents)
where list_contains($incidents::varchar[], source || '/' || id)
