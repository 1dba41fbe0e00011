-- The tables of facts, made empty before every build. One definition set made all rows (`meta.definitions_hash`).
-- Times are UTC without a zone. `deployment_id` is SOURCE/ID of the deployment record.

-- One row per service: the configured ones, or every service that a deployment names when none is configured.
-- position: services by team and name, from 0. The facts are stored in its order (`service_position`) and then by time,
-- so that the rows of one team lie together and a question about it reads little of a big file.
create or replace table services (
    position integer not null,
    service varchar not null,
    repository varchar,
    paths varchar[],
    aliases varchar[]
);

-- What each service was called besides: an alias of several means the first, and none that is called so itself.
create or replace view former_names as
select min(service) as service, alias from (select service, unnest(aliases) as alias from services)
where alias not in (select service from services) group by alias;

-- One row per stretch [owned_from, owned_until) of a team owning a service; null ends are open.
create or replace table team_services (
    team varchar not null,
    service varchar not null,
    owned_from timestamp,
    owned_until timestamp
);

-- One row per deployment of a known service into any environment.
-- relation: baseline, forward, backward, diverged, same_commit, unresolved; null unless status is succeeded.
-- previous_id: the succeeded deployment with a known commit before it, in the same environment; the ancestry base.
-- replaced_id: the succeeded deployment before it, known commit or not: what was running until then.
-- backward_kind: rollback, out_of_order, replay; null unless relation is backward.
-- commits / changes / mainline_changes / pull_requests: first shipped by it (all, non-merge, mainline, merged PRs).
-- lines: added plus deleted over its pull requests; null unless the size of every one is known.
-- rework_kinds: why it counts as rework (rollback, revert, hotfix, incident_fix); empty when it does not.
-- rework: the same as bits, the first of these lowest.
-- number: a short key for the ledger, which ascends by service_position and then by time: 2^32 numbers are each service's.
-- rehearsed_at: first success of the same version in a rehearsal environment, not later than this deployment.
create or replace table deployment_facts (
    service_position integer not null,
    number bigint not null,
    deployment_id varchar not null,
    source varchar not null,
    service varchar not null,
    repository varchar,
    environment varchar not null,
    is_production boolean not null,
    is_rehearsal boolean not null,
    status varchar not null,
    version varchar,
    sha varchar,
    unresolved_reason varchar,
    digest varchar,
    created_at timestamp,
    started_at timestamp,
    finished_at timestamp,
    relation varchar,
    previous_id varchar,
    replaced_id varchar,
    backward_kind varchar,
    commits integer not null,
    changes integer not null,
    mainline_changes integer not null,
    pull_requests integer not null,
    lines bigint,
    rework_kinds varchar[] not null,
    rework tinyint not null,
    rehearsed_at timestamp,
    actor varchar,
    actor_kind varchar,
    run_id varchar,
    mechanism varchar,
    url varchar
);

-- One row per region that a deployment to several regions reached (`regions` of the definitions), none without any.
-- deployment_id: the one that counts; region_deployment_id: the region's own; late: it came after the next had finished.
create or replace table region_facts (
    service varchar not null,
    deployment_id varchar not null,
    region_deployment_id varchar not null,
    environment varchar not null,
    finished_at timestamp not null,
    late boolean not null
);

-- One row per service, production environment and commit: shipped (deployment_number) or waiting on the default branch
-- (deployment_number null). Commits of the baseline deployment are not listed. Pull-request clocks are of the pull
-- request that the commit belongs to, null when none is known.
-- Only what is asked of many at once: there are ten times as many as deployments, and to write them is a good part of a build.
-- sha: as it is, because to try in vain to make it shorter took a third of the time of writing all.
-- left_at: when it was deployed, or the year 148107 (2^62 microseconds) while it waits: without nulls a range of it is read fast.
create or replace table change_facts (
    service_position integer not null,
    environment varchar not null,
    repository varchar not null,
    sha varchar not null using compression uncompressed,
    is_merge boolean not null,
    mainline boolean not null,
    is_bot boolean not null,
    author varchar,
    pull_request bigint,
    authored_at timestamp,
    committed_at timestamp,
    first_commit_at timestamp,
    opened_at timestamp,
    merged_at timestamp,
    deployment_number bigint,
    left_at timestamp not null
);

-- The same with the name of its service and when it was deployed, null while it waits.
create or replace view changes as
select s.service, c.*, if(c.deployment_number is null, null, c.left_at) as deployed_at
from change_facts c join services s on s.position = c.service_position;

-- The same with the id of the deployment in the place of its number, as people read them.
create or replace view listed_changes as
select c.* exclude (deployment_number, left_at), d.deployment_id
from changes c left join deployment_facts d on d.number = c.deployment_number;

-- One row per service, production environment and merged pull request; deployment_id null while undeployed.
-- A stage is null when one of its ends is unknown, never 0; negative stages are null and listed in quality_facts.
create or replace table pull_request_facts (
    service_position integer not null,
    service varchar not null,
    environment varchar not null,
    repository varchar not null,
    number bigint not null,
    title varchar,
    author varchar,
    is_bot boolean not null,
    labels varchar[],
    first_commit_at timestamp,
    opened_at timestamp,
    ready_at timestamp,
    first_review_at timestamp,
    merged_at timestamp,
    deployment_id varchar,
    deployed_at timestamp,
    coding_seconds double,
    pickup_seconds double,
    review_seconds double,
    deploy_seconds double,
    reviews bigint,
    checks varchar,
    lines bigint,
    url varchar
);

-- The ledger: one row per piece of evidence that a deployment failed, and for backward moves that are no failure.
-- kind: a failure kind of dora.definitions, or out_of_order / replay (kept and shown, never counted), or absolved.
-- evidence: what it is (an incident, a commit, a deployment, a check) as text; evidence_id its id; evidence_at when.
-- deployment_number / recovery_number: the deployments' `number`; deployed_at: when the blamed one finished, null
-- (and then never counted) unless it succeeded in production.
-- recovered_at / recovery_id: what ended it, null while open.  candidates: the other deployments that it might speak of, as a
-- JSON list of {deployment_id, why}, best first; null where nothing else can be meant.
create or replace table failure_evidence (
    service_position integer,
    deployment_number bigint,
    environment varchar,
    deployed_at timestamp,
    recovery_number bigint,
    deployment_id varchar not null,
    kind varchar not null,
    evidence varchar not null,
    evidence_id varchar,
    evidence_at timestamp,
    recovery_id varchar,
    recovered_at timestamp,
    confidence double not null,
    decided_by varchar not null,
    reason varchar,
    candidates varchar
);

-- One row per production incident and known service that it concerns, with the deployment it is linked to, if any.
-- shared: a number made of the id where an incident concerns several services, null for all others.
create or replace table incident_facts (
    service_position integer not null,
    incident_id varchar not null,
    shared bigint,
    service varchar not null,
    title varchar,
    severity varchar,
    impact_started_at timestamp,
    detected_at timestamp,
    acknowledged_at timestamp,
    mitigated_at timestamp,
    resolved_at timestamp,
    deployment_id varchar,
    url varchar
);

-- One row per merged pull request whose merge is no known commit, and why; see metrics/membership.py.
create or replace table unmapped_requests (
    repository varchar not null,
    number bigint not null,
    reason varchar not null
);

-- One row per source, slot of time and service, known or not, that moved to an earlier version in it; enough of them in one
-- slot are a replay. slot: its number since the UTC epoch. mover: the known service, else the name that records give it.
-- counted_as: the same, or the repository where a record of all of that moved several services: these count once.
create or replace table replay_moves (
    source varchar not null,
    slot bigint not null,
    mover varchar,
    counted_as varchar
);
