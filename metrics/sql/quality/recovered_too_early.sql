-- One row per failed deployment of which all known ends lie before its own finish, so that it has no recovery time: the
-- region that failed was mended before the one whose finish counts, say. seconds: by how much.
with ended as (
    select deployment_id, service_position, any_value(deployed_at) as finished_at, max(recovered_at) as ended_at
    from failure_evidence where kind not in ('out_of_order', 'replay')
    group by deployment_id, service_position
    having max(recovered_at) < any_value(deployed_at) and not bool_or(kind = 'absolved')
)
select s.service, e.deployment_id as subject,
       format('its failure ended {} before it had finished', in_words(early_us)) as detail,
       early_us / 1e6 as seconds, 1 as rows, 0 as changes
from (select *, epoch_us(finished_at) - epoch_us(ended_at) as early_us from ended) e join services s on s.position = e.service_position
