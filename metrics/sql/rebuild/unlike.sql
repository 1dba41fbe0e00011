-- The services of which incidents were placed again, before or now.
select service_position from unlike union select service_position from placed_incidents order by all
