-- One row per deployment of the services of places $first..$last, in the order of deployment_facts.
from placed_deployments where service_position between $first and $last
