-- Every move back in the facts, whatever it was taken for.
select service_position, source, finished_at from deployment_facts where relation = 'backward'
