-- The production incidents of the services of $places, which lie in $first..$last.
from placed_incidents
where service_position between $first and $last and list_contains($places::integer[], service_position)
