-- The services whose facts do not lie where a full build puts them: some of a later service lie before theirs.
with begun as (
    select service_position, min(rowid) as at_ from deployment_facts group by service_position
), later as (
    select *, min(at_) over (order by service_position rows between 1 following and unbounded following) as after_ from begun
)
select service_position from later where at_ > after_
