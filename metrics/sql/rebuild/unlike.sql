-- With the services of which incidents are placed now, `unlike` are all of which any fact is not as it was.
insert into unlike select distinct service_position from placed_incidents where service_position not in (from unlike)
