-- The commits of $service, in a repository that it shares, that were shipped to $environment or wait for it.
select sha from changes where service = $service and environment = $environment
