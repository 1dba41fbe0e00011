-- One row: which kinds of record are known at all, of any service and at any time.
select exists (from flag_changes) as flag_changes, exists (from incident_facts) as incidents,
       exists (from verifications) as checks
