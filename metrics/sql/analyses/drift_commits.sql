-- One row per commit of $repository: sha, parents.
select sha, parents from commits where repository = $repository
