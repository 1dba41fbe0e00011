-- The production incidents of the services of places $first..$last.
from placed_incidents where service_position between $first and $last
