-- One row per stretch [owned_from, owned_until) in which a team owned a service, by team and service; null ends are open.
select team, service, owned_from, owned_until from team_services order by team, service
