-- The ledger: what was read, what became of it, what was planned, what was written.
create schema if not exists landing;
create schema if not exists validated;
create schema if not exists ops;

create table ops.batches (
    batch_id text primary key,
    system text not null,
    resource text not null,
    purpose text not null check (purpose in ('window', 'read_back', 'replay')),
    covered_window tstzrange,
    state text not null check (state in ('landed', 'covered', 'refused')),
    received bigint not null default 0,
    validated bigint not null default 0,
    quarantined bigint not null default 0,
    repeated bigint not null default 0,
    is_key_list_complete boolean not null default false,
    is_volume_accepted boolean not null default false,
    reason text,
    landed_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    constraint batches_window_known check (purpose <> 'window' or covered_window is not null),
    constraint batches_balance check (
        state <> 'covered' or received = validated + quarantined + repeated
    )
);
create index batches_by_resource on ops.batches (system, resource, state);

create table ops.dispositions (
    batch_id text not null references ops.batches on delete cascade,
    row_number integer not null,
    record_key text,
    disposition text not null check (disposition in ('validated', 'quarantined', 'repeated')),
    reason text,
    primary key (batch_id, row_number)
);
create index dispositions_by_key on ops.dispositions (record_key);

create table ops.dead_letters (
    dead_letter_id text primary key,
    stage text not null check (stage in ('validate', 'apply')),
    system text not null,
    resource text not null,
    record_key text,
    error_class text not null,
    message text not null,
    attempts integer not null default 1,
    batch_id text,
    row_number integer,
    change_id text,
    payload text,
    state text not null default 'open' check (state in ('open', 'replayed', 'resolved')),
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp()
);
create index dead_letters_open on ops.dead_letters (system, resource, record_key) where state = 'open';

create table ops.listed_keys (
    batch_id text not null references ops.batches on delete cascade,
    record_key text not null
);
create index listed_keys_by_batch on ops.listed_keys (batch_id, record_key);

create table ops.identities (
    entity text not null,
    system text not null,
    record_key text not null,
    golden_id text not null,
    match_rule text not null,
    match_confidence numeric(4, 3) not null,
    since_at timestamptz not null default clock_timestamp(),
    primary key (entity, system, record_key)
);
create index identities_by_golden on ops.identities (entity, golden_id);

create table ops.identity_events (
    event_id text primary key,
    entity text not null,
    event text not null check (event in ('merged', 'split')),
    from_golden_id text not null,
    to_golden_id text not null,
    run_id text not null,
    happened_at timestamptz not null default clock_timestamp()
);

create table ops.plans (
    plan_id text primary key,
    system text not null,
    purpose text not null check (purpose in ('write_back', 'undo')),
    run_id text not null,
    undoes_plan_id text references ops.plans,
    state text not null check (state in ('planned', 'approved', 'declined', 'applied')),
    needs_approval boolean not null default false,
    approval_reason text,
    approved_by text,
    planned bigint not null default 0,
    confirmed bigint not null default 0,
    rejected bigint not null default 0,
    conflicted bigint not null default 0,
    unknown bigint not null default 0,
    held bigint not null default 0,
    created_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    constraint plans_balance check (
        state not in ('applied', 'declined')
        or planned = confirmed + rejected + conflicted + unknown + held
    )
);

create table ops.changes (
    change_id text primary key,
    plan_id text not null references ops.plans,
    sequence integer not null,
    resource text not null,
    entity_id text not null,
    record_key text,
    action text not null check (action in ('create', 'update')),
    before jsonb not null,
    after jsonb not null,
    guard jsonb not null default '{}',
    reason text not null,
    state text not null default 'planned' check (
        state in ('planned', 'sent', 'confirmed', 'rejected', 'conflicted', 'unknown', 'held')
    ),
    message text not null default '',
    attempts integer not null default 0,
    is_verified boolean,
    ended_at timestamptz,
    unique (plan_id, sequence)
);
create index changes_by_key on ops.changes (resource, record_key);
create index changes_by_entity on ops.changes (entity_id);

create table ops.journal (
    journal_id bigint generated always as identity primary key,
    change_id text not null references ops.changes,
    attempt integer not null,
    event text not null,
    detail jsonb not null default '{}',
    happened_at timestamptz not null default clock_timestamp()
);
create index journal_by_change on ops.journal (change_id, journal_id);

create table ops.leases (
    name text primary key,
    holder text not null,
    fence bigint not null,
    expires_at timestamptz not null
);

create table ops.budgets (
    system text primary key,
    next_free_at timestamptz not null default '-infinity'
);

create table ops.api_calls (
    call_id bigint generated always as identity primary key,
    system text not null,
    resource text not null,
    purpose text not null,
    reference_id text not null,
    calls bigint not null,
    retries bigint not null,
    bytes_received bigint not null,
    waited_seconds numeric not null,
    happened_at timestamptz not null default clock_timestamp()
);

create table ops.agreement (
    run_id text not null,
    phase text not null check (phase in ('before', 'after')),
    entity text not null,
    field text not null,
    left_system text not null,
    right_system text not null,
    compared bigint not null,
    agreed bigint not null,
    measured_at timestamptz not null default clock_timestamp(),
    primary key (run_id, phase, entity, field, left_system, right_system),
    constraint agreement_within check (agreed between 0 and compared)
);

create table ops.dbt_results (
    run_id text not null,
    node_id text not null,
    state text not null,
    failures bigint,
    seconds numeric not null,
    message text,
    finished_at timestamptz not null default clock_timestamp(),
    primary key (run_id, node_id)
);

-- The counts a batch claims must be those of its dispositions.
create function ops.refuse_unbalanced_batch() returns trigger language plpgsql as $$
declare
    counted record;
begin
    if new.state <> 'covered' then
        return null;
    end if;
    select
        count(*) as received,
        count(*) filter (where disposition = 'validated') as validated,
        count(*) filter (where disposition = 'quarantined') as quarantined,
        count(*) filter (where disposition = 'repeated') as repeated
    into counted
    from ops.dispositions
    where batch_id = new.batch_id;
    if (counted.received, counted.validated, counted.quarantined, counted.repeated)
        is distinct from (new.received, new.validated, new.quarantined, new.repeated) then
        raise exception 'batch % claims % records but its dispositions hold %',
            new.batch_id, new.received, counted.received using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger batches_match_dispositions
after insert or update on ops.batches
deferrable initially deferred
for each row execute function ops.refuse_unbalanced_batch();

-- The counts a closed plan claims must be those of its changes.
create function ops.refuse_unbalanced_plan() returns trigger language plpgsql as $$
declare
    counted record;
begin
    if new.state not in ('applied', 'declined') then
        return null;
    end if;
    select
        count(*) as planned,
        count(*) filter (where state = 'confirmed') as confirmed,
        count(*) filter (where state = 'rejected') as rejected,
        count(*) filter (where state = 'conflicted') as conflicted,
        count(*) filter (where state = 'unknown') as unknown,
        count(*) filter (where state = 'held') as held
    into counted
    from ops.changes
    where plan_id = new.plan_id;
    if (counted.planned, counted.confirmed, counted.rejected, counted.conflicted, counted.unknown, counted.held)
        is distinct from (new.planned, new.confirmed, new.rejected, new.conflicted, new.unknown, new.held) then
        raise exception 'plan % claims % changes but holds %',
            new.plan_id, new.planned, counted.planned using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger plans_match_changes
after insert or update on ops.plans
deferrable initially deferred
for each row execute function ops.refuse_unbalanced_plan();

create function ops.refuse_rewrite() returns trigger language plpgsql as $$
begin
    raise exception 'the journal is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger journal_is_append_only
before update or delete or truncate on ops.journal
for each statement execute function ops.refuse_rewrite();

-- One calls-per-second budget per system, shared by every worker: returns the seconds to wait.
create function ops.reserve_call(wanted_system text, spacing interval, burst integer)
returns double precision language sql as $$
    insert into ops.budgets as budget (system, next_free_at)
    values (wanted_system, clock_timestamp() + spacing)
    on conflict (system) do update
    set next_free_at = greatest(
        budget.next_free_at, clock_timestamp() - spacing * (burst - 1)
    ) + spacing
    returning greatest(
        0, extract(epoch from next_free_at - spacing - clock_timestamp())
    )::double precision
$$;

-- Which spans of each resource are covered, and where the gaps between them lie.
create view ops.coverage as
select
    system,
    resource,
    range_agg(covered_window) as covered
from ops.batches
where state = 'covered' and purpose = 'window'
group by system, resource;

create view ops.coverage_gaps as
select
    coverage.system,
    coverage.resource,
    gap as missing_window
from ops.coverage,
    unnest(
        tstzmultirange(tstzrange(lower(coverage.covered), upper(coverage.covered))) - coverage.covered
    ) as gap;
