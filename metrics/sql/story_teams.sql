-- One row per team that owned $service at $at.
select distinct team from team_services
where service = $service and (owned_from is null or owned_from <= $at) and (owned_until is null or $at < owned_until)
order by team
