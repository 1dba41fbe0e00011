-- One row per finding and service. found: how many there are; worst: some of them, the largest first.
-- rows: the deployments, incidents or pull requests touched; changes: the changes whose lead time is touched.
-- largest_seconds: by how much at most, where a finding is about a time; null where it is not.
create or replace table quality_summary (
    finding varchar not null,
    service varchar,
    found bigint not null,
    rows bigint not null,
    changes bigint not null,
    largest_seconds double,
    worst struct(place double, subject varchar, detail varchar)[]
);
-- What the data cannot tell or says wrongly: one row per finding and subject, up to 500 of each service.
create or replace view quality_facts as
select finding, service, w.subject as subject, w.detail as detail from (select finding, service, unnest(worst) as w from quality_summary);
