-- One row: whether any incident is recorded, and whether any check after a deployment is.
select exists(from incidents) as incidents, exists(from verifications) as checks
