-- One row per deployment of $numbers: its number, id, version, relation to the one before it, and its finish.
select number, deployment_id, version, relation, finished_at from deployment_facts
where number in (select unnest($numbers::bigint[]))
