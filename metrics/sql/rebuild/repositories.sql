-- The repositories of which any record changed.
select distinct part from changed_parts
where table_name in ('commits', 'mainline_commits', 'commit_paths', 'tags', 'pull_requests')
