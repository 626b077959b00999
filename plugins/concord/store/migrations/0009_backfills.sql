-- Days that runs of Airflow's own backfills have read, and the reconcile that followed them; none yet where it is null.
create table ops.filled_runs (
    system text not null,
    run_id text not null,
    filled_at timestamptz not null default clock_timestamp(),
    reconciled_by text,
    primary key (system, run_id)
);

-- Systems of which a night was not written back because of a backfill; the reconcile at its end makes up for it.
create table ops.held_write_backs (
    system text primary key,
    run_id text not null,
    held_at timestamptz not null default clock_timestamp()
);

-- When the records were read from which each reconcile worked out what systems should hold.
create table ops.reconciliations (
    run_id text primary key,
    prepared_at timestamptz not null,
    desired_as_of timestamptz,
    built_at timestamptz
);
grant select, insert, update, delete on ops.filled_runs, ops.held_write_backs, ops.reconciliations
to concord_planner;
grant select on ops.filled_runs, ops.held_write_backs, ops.reconciliations to concord_transformer, concord_reader;
