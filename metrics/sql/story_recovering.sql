-- One row per deployment of $ids: its version and its relation to the one before it.
select deployment_id, version, relation from deployment_facts where deployment_id in (select unnest($ids))
