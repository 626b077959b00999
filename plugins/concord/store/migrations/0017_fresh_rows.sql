-- Nothing over rows that were written a moment ago may cost more than their number: the next changes to send are found
-- without reading all of the plan, and a step can let PostgreSQL count the rows of a table before it joins them.
create index changes_to_settle on ops.changes (plan_id, attempts, sequence)
where state in ('planned', 'sent', 'unknown');
create function ops.refresh_statistics(wanted regclass) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    known record;
begin
    select
        relnamespace::regnamespace::text as schema, reltuples,
        pg_stat_get_mod_since_analyze(oid) + pg_stat_get_xact_tuples_inserted(oid)
            + pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid) as moved
    into known
    from pg_class where oid = wanted;
    if known.schema not in ('ops', 'landing', 'validated') then
        raise exception 'no statistics are kept of %', wanted using errcode = 'insufficient_privilege';
    end if;
    if known.reltuples < 0 or known.moved > 50 + 0.1 * known.reltuples then
        execute format('analyze %s', wanted);
    end if;
end $$;
comment on function ops.refresh_statistics(regclass) is
'Analyses a table if more than a tenth of its rows were written since that was done last, those of the own transaction
among them; autovacuum does the same a minute later, and does not see rows before they are committed.';
revoke execute on function ops.refresh_statistics(regclass) from public;
grant execute on function ops.refresh_statistics(regclass) to concord_loader, concord_planner;
