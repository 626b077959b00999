-- Who may do what. Roles cannot log in: a login of the installation is a member of those it needs.
do $$
declare
    wanted text;
begin
    foreach wanted in array array[
        'concord_loader', 'concord_transformer', 'concord_planner', 'concord_reader'
    ] loop
        begin
            execute format('create role %I nologin', wanted);
        exception when duplicate_object or unique_violation then
            null;
        end;
        execute format('grant %I to current_user', wanted);
    end loop;
    execute format('grant create on database %I to concord_transformer', current_database());
end $$;

create schema if not exists staging authorization concord_transformer;
create schema if not exists intermediate authorization concord_transformer;
create schema if not exists marts authorization concord_transformer;

revoke all on schema landing, validated, ops from public;
grant usage, create on schema landing, validated to concord_loader;
grant usage on schema validated to concord_transformer, concord_planner, concord_reader;
grant usage on schema landing to concord_planner;
grant usage on schema ops to concord_loader, concord_transformer, concord_planner, concord_reader;
grant usage on schema marts to concord_planner, concord_reader;
grant usage on schema intermediate, staging to concord_planner;

alter default privileges for role concord_loader in schema validated
grant select on tables to concord_transformer, concord_planner, concord_reader;
alter default privileges for role concord_loader in schema landing
grant select on tables to concord_planner;
alter default privileges for role concord_transformer in schema marts
grant select on tables to concord_planner, concord_reader;
alter default privileges for role concord_transformer in schema intermediate
grant select on tables to concord_planner;
alter default privileges for role concord_transformer in schema staging
grant select on tables to concord_planner;

grant select, insert, update, delete
on ops.batches, ops.dispositions, ops.dead_letters, ops.listed_keys to concord_loader;
grant select on all tables in schema ops to concord_transformer, concord_planner;
grant select, insert, update on ops.identities to concord_planner;
grant delete on ops.identities to concord_planner;
grant insert on ops.identity_events, ops.agreement, ops.dbt_results to concord_planner;
grant update, delete on ops.agreement, ops.dbt_results to concord_planner;
grant insert, update on ops.plans, ops.changes, ops.leases, ops.dead_letters to concord_planner;
grant delete on ops.changes, ops.leases to concord_planner;
grant insert on ops.journal to concord_planner;
grant select, insert, update on ops.budgets to concord_loader, concord_planner;
grant insert on ops.api_calls to concord_loader, concord_planner;
grant select on ops.batches, ops.plans, ops.agreement, ops.coverage, ops.coverage_gaps, ops.dbt_results
to concord_reader;
grant usage on all sequences in schema ops to concord_loader, concord_planner;
revoke execute on all functions in schema ops from public;
grant execute on function ops.reserve_call(text, interval, integer) to concord_loader, concord_planner;
