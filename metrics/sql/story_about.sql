-- One row per piece of evidence of $ids that has a title of its own: the subject of a commit of $repository, the
-- title of an incident, the name of a check.
select sha as id, subject as about from commits where repository = $repository and sha in (select unnest($ids))
union all
select incident_id, title from incident_facts where incident_id in (select unnest($ids))
union all
select source || '/' || id, name from verifications where source || '/' || id in (select unnest($ids))
