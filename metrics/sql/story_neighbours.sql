-- One row per deployment of $ids: what was running, and since when.
select deployment_id, version, sha, finished_at from deployment_facts where deployment_id in (select unnest($ids))
