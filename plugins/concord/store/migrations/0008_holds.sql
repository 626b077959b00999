-- Fields of records that no plan may write until a person lifts the hold.
create table ops.holds (
    hold_id text primary key,
    system text not null,
    resource text not null,
    record_key text not null,
    field text not null,
    undone_plan_id text not null references ops.plans (plan_id),
    held_by text not null,
    held_at timestamptz not null default clock_timestamp(),
    lifted_at timestamptz
);
create unique index holds_in_force on ops.holds (system, resource, record_key, field) where lifted_at is null;
comment on table ops.holds is
'Fields that stay as they are after an undo, one row per record and field. A row without lifted_at is in force.';
grant select, insert, update on ops.holds to concord_planner;
grant select on ops.holds to concord_reader;
