-- One row per row of a source that could not become a record, the first $most.
select source, stream, place, reason, content from rejected order by source, stream, place, reason limit $most
