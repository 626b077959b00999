-- The project with which rules and views were built last; they are built again when it is another one.
create table ops.standing_nodes (
    only_row boolean primary key default true check (only_row),
    fingerprint text not null,
    built_at timestamptz not null default clock_timestamp()
);
comment on table ops.standing_nodes is
'A hash of the dbt project with which seeds, rules and views over records were built last.';
grant select, insert, update, delete on ops.standing_nodes to concord_planner;
