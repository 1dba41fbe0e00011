-- The incidents called one of $names, by the id that their source gives them or by SOURCE/ID.
select * from incidents
where list_contains($names::varchar[], id) or list_contains($names::varchar[], source || '/' || id)
order by source, id
