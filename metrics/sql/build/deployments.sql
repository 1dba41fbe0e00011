-- One row per deployment of the services of $places, which lie in $first..$last, in the order of deployment_facts.
from placed_deployments
where service_position between $first and $last and list_contains($places::integer[], service_position)
