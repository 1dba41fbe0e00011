-- One row: the earliest moment of any deployment record, null without deployments.
-- A deployment that never finished counts by when it was made.
select min(coalesce(finished_at, created_at)) from deployments
