-- The incidents whose place is looked for: all.
create or replace temp view wanted_incidents as from incidents;
