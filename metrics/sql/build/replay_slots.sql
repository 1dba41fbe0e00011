-- The slots in which at least $services services of one source moved to an earlier version; no name is one of them too.
select source, slot from replay_moves group by source, slot
having count(distinct counted_as) + max(case when counted_as is null then 1 else 0 end) >= $services
