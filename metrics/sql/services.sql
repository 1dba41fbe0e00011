-- One row per service that the facts were built with, in the order of their names.
select service, position, repository, coalesce(paths, []) as paths, coalesce(aliases, []) as aliases from services order by service
