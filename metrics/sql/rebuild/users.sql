-- Which service reads which repository: the configured one, else any that its deployments name.
select service_position, repository from (
    select position as service_position, repository from services where repository is not null
    union
    select n.service_position, n.named_repository from known_names n join services s on s.position = n.service_position
    where s.repository is null or s.repository = ''
) where repository is not null and repository <> ''
