-- Records as the tools said them (see dora/model.py), the cursors of the streams, and facts about the file.
-- Times are UTC without a zone. There are no primary keys: `merge` on a deduplicated batch is faster and smaller.

create table commits (
    repository varchar not null,
    sha varchar not null,
    parents varchar[],
    authored_at timestamp,
    committed_at timestamp,
    author varchar,
    is_bot boolean,
    subject varchar,
    pull_request bigint,
    reverts varchar[],
    reverts_pull_requests bigint[]
);

create table mainline_commits (
    repository varchar not null,
    sha varchar not null
);

create table commit_paths (
    repository varchar not null,
    sha varchar not null,
    path varchar not null
);

create table tags (
    repository varchar not null,
    name varchar not null,
    sha varchar,
    tagged_at timestamp
);

create table pull_requests (
    source varchar not null,
    repository varchar not null,
    number bigint not null,
    updated_at timestamp,
    title varchar,
    author varchar,
    is_bot boolean,
    state varchar,
    base_branch varchar,
    head_branch varchar,
    labels varchar[],
    first_commit_at timestamp,
    opened_at timestamp,
    ready_at timestamp,
    first_review_at timestamp,
    approved_at timestamp,
    merged_at timestamp,
    closed_at timestamp,
    merge_sha varchar,
    commits varchar[],
    additions bigint,
    deletions bigint,
    changed_files bigint,
    reviews bigint,
    checks varchar,
    checks_seconds double,
    url varchar
);

create table deployments (
    source varchar not null,
    id varchar not null,
    updated_at timestamp,
    service varchar,
    repository varchar,
    environment varchar,
    version varchar,
    sha varchar,
    commit_rule varchar,
    digest varchar,
    status varchar,
    created_at timestamp,
    started_at timestamp,
    finished_at timestamp,
    actor varchar,
    actor_kind varchar,
    run_id varchar,
    mechanism varchar,
    url varchar,
    sequence bigint
);

create table pipeline_runs (
    source varchar not null,
    id varchar not null,
    updated_at timestamp,
    repository varchar,
    service varchar,
    pipeline varchar,
    branch varchar,
    sha varchar,
    event varchar,
    attempt bigint,
    status varchar,
    created_at timestamp,
    started_at timestamp,
    finished_at timestamp,
    actor varchar,
    actor_kind varchar,
    url varchar
);

create table pipeline_steps (
    source varchar not null,
    run_id varchar not null,
    id varchar not null,
    updated_at timestamp,
    job varchar,
    step varchar,
    position bigint,
    status varchar,
    manual boolean,
    created_at timestamp,
    started_at timestamp,
    finished_at timestamp,
    signature varchar
);

create table incidents (
    source varchar not null,
    id varchar not null,
    updated_at timestamp,
    service varchar,
    repository varchar,
    environment varchar,
    title varchar,
    severity varchar,
    impact_started_at timestamp,
    detected_at timestamp,
    acknowledged_at timestamp,
    mitigated_at timestamp,
    resolved_at timestamp,
    deployment varchar,
    version varchar,
    sha varchar,
    pull_request bigint,
    fix_deployment varchar,
    fix_pull_request bigint,
    labels varchar[],
    url varchar
);

create table verifications (
    source varchar not null,
    id varchar not null,
    updated_at timestamp,
    deployment varchar,
    name varchar,
    status varchar,
    started_at timestamp,
    finished_at timestamp,
    url varchar
);

create table telemetry_samples (
    source varchar not null,
    service varchar not null,
    environment varchar not null,
    series varchar not null,
    sampled_at timestamp not null,
    step_seconds bigint,
    kind varchar,
    value double
);

create table flag_changes (
    source varchar not null,
    id varchar not null,
    updated_at timestamp,
    flag varchar,
    service varchar,
    environment varchar,
    state varchar,
    changed_at timestamp,
    actor_kind varchar,
    url varchar
);

create table people (
    author varchar not null,
    name varchar,
    is_bot boolean
);

create table rejected (
    source varchar not null,
    stream varchar not null,
    place varchar not null,
    reason varchar not null,
    content varchar
);

-- Where each stream stands; written in the transaction that writes its rows.
create table cursors (
    source varchar not null,
    stream varchar not null,
    cursor varchar not null
);

-- schema_version, organisation, definitions, definitions_hash, data_as_of, unpublished.
create table meta (
    key varchar not null,
    value varchar
);
