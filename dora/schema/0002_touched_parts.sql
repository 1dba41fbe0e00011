-- The parts of the records (dora/parts.py) that a commit touched since the file was last published: only these need to
-- be compared with what is published, where that was made of the records of which meta `published_as` is a number.
create table touched_parts (
    table_name varchar not null,
    part varchar not null
);
