-- How many commits every repository has.
select repository, count(*) from commits group by repository
