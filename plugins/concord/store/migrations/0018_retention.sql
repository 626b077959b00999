-- Tables that grow each night are partitioned by month, so that what is no longer kept is dropped and not deleted.

-- Makes the partitions of a table for the month of a moment and the two after it. The first one also takes what is
-- older; what no partition takes goes to <table>_rest, and from there into its partition once that is made.
create function ops.add_partitions(parent regclass, moment timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    its record;
    rest text;
    part text;
    lower_bound text;
    month timestamptz;
begin
    select nspname, left(relname, 56) as name, pg_get_userbyid(relowner) as owner,
        pg_get_partkeydef(pg_class.oid) as key
    into its
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where pg_class.oid = parent and relkind = 'p' and nspname in ('ops', 'landing');
    if not found then
        raise exception '% is no table that grows by month', parent;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('partitions of ' || parent::text, 0));
    its.key := substring(its.key from '\((.*)\)');
    rest := format('%I.%I', its.nspname, its.name || '_rest');
    for ahead in 0..2 loop
        month := date_trunc('month', moment) + make_interval(months => ahead);
        part := format('%I.%I', its.nspname, its.name || to_char(month, '_YYYYMM'));
        continue when to_regclass(part) is not null;
        lower_bound := case
            when exists (select from pg_inherits where inhparent = parent) then quote_literal(month) else 'minvalue'
        end;
        execute format('create table %s (like %s including defaults including constraints)', part, parent);
        execute format('alter table %s owner to %I', part, its.owner);
        if to_regclass(rest) is not null then
            execute format(
                'with moved as (delete from %1$s where %2$s >= %3$L and %2$s < %4$L returning *) '
                'insert into %5$s select * from moved', rest, its.key, month, month + interval '1 month', part
            );
        end if;
        execute format(
            'alter table %s attach partition %s for values from (%s) to (%L)',
            parent, part, lower_bound, month + interval '1 month'
        );
    end loop;
    if to_regclass(rest) is null then
        execute format('create table %s partition of %s default', rest, parent);
        execute format('alter table %s owner to %I', rest, its.owner);
    end if;
end $$;

-- Makes a plain table the first partition of a partitioned one of its name; no row moves. The new table has the
-- owner and the grants of the old one; its keys and indexes are the caller's work.
create function ops.partition_by_month(plain regclass, key name) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    its record;
    part text;
    whole text;
    each record;
begin
    select nspname, relname, pg_get_userbyid(relowner) as owner, relacl into its
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where pg_class.oid = plain and relkind = 'r' and nspname in ('ops', 'landing');
    if not found then
        raise exception '% is no plain table of the warehouse', plain;
    end if;
    for each in select conname from pg_constraint where conrelid = plain and contype in ('p', 'u', 'f') loop
        execute format('alter table %s drop constraint %I', plain, each.conname);
    end loop;
    for each in select indexrelid::regclass as name from pg_index where indrelid = plain loop
        execute format('drop index %s', each.name);
    end loop;
    for each in select attname from pg_attribute where attrelid = plain and attidentity <> '' loop
        execute format('alter table %s alter column %I drop identity', plain, each.attname);
    end loop;
    whole := format('%I.%I', its.nspname, its.relname);
    part := left(its.relname, 56) || to_char(statement_timestamp(), '_YYYYMM');
    execute format('alter table %s rename to %I', plain, part);
    part := format('%I.%I', its.nspname, part);
    execute format(
        'create table %s (like %s including defaults including constraints) partition by range (%I)', whole, part, key
    );
    execute format('alter table %s owner to %I', whole, its.owner);
    for each in select grantee::regrole as name, privilege_type from aclexplode(its.relacl) where grantee <> 0 loop
        execute format('grant %s on %s to %s', each.privilege_type, whole, each.name);
    end loop;
    execute format(
        'alter table %s attach partition %s for values from (minvalue) to (%L)',
        whole, part, date_trunc('month', statement_timestamp()) + interval '1 month'
    );
    perform ops.add_partitions(whole::regclass, statement_timestamp());
end $$;

-- Drops the partitions of a table that end before a moment; says which, and how large they were.
create function ops.drop_partitions(parent regclass, before timestamptz)
returns table (partition text, bytes bigint)
language plpgsql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    each record;
    key text := substring(pg_get_partkeydef(parent) from '\((.*)\)');
begin
    for each in
        select pg_class.oid::regclass as name, pg_total_relation_size(pg_class.oid) as size,
            pg_get_expr(relpartbound, pg_class.oid) as bounds
        from pg_inherits
        inner join pg_class on pg_class.oid = inhrelid
        inner join pg_namespace on pg_namespace.oid = relnamespace
        where inhparent = parent and nspname in ('ops', 'landing')
        order by pg_class.oid
    loop
        if each.bounds = 'DEFAULT' then
            execute format('delete from %s where %s < %L', each.name, key, before);
        elsif substring(each.bounds from 'TO \(''(.*)''\)')::timestamptz <= before then
            partition := each.name::text;
            bytes := each.size;
            execute format('drop table %s', each.name);
            return next;
        end if;
    end loop;
end $$;
revoke execute on function
ops.add_partitions(regclass, timestamptz), ops.partition_by_month(regclass, name),
ops.drop_partitions(regclass, timestamptz) from public;
grant execute on function ops.add_partitions(regclass, timestamptz) to concord_loader, concord_planner;
grant execute on function ops.partition_by_month(regclass, name) to concord_loader;
grant execute on function ops.drop_partitions(regclass, timestamptz) to concord_planner;

alter table ops.dispositions add column judged_at timestamptz not null default now();
select ops.partition_by_month('ops.dispositions', 'judged_at');
alter table ops.dispositions add primary key (batch_id, row_number, judged_at);
alter table ops.dispositions add foreign key (batch_id) references ops.batches on delete cascade;
create index dispositions_by_key on ops.dispositions (record_key);

do $$
declare
    next_journal bigint := (select coalesce(max(journal_id), 0) + 1 from ops.journal);
    next_call bigint := (select coalesce(max(call_id), 0) + 1 from ops.api_calls);
begin
    perform ops.partition_by_month('ops.journal', 'happened_at');
    perform ops.partition_by_month('ops.api_calls', 'happened_at');
    execute format(
        'alter table ops.journal alter column journal_id add generated always as identity (start with %s)',
        next_journal
    );
    execute format(
        'alter table ops.api_calls alter column call_id add generated always as identity (start with %s)', next_call
    );
end $$;
alter table ops.journal add primary key (journal_id, happened_at);
alter table ops.journal add foreign key (change_id) references ops.changes;
create index journal_by_change on ops.journal (change_id, journal_id);
create trigger journal_is_append_only
before update or delete or truncate on ops.journal
for each statement execute function ops.refuse_rewrite();
alter table ops.api_calls add primary key (call_id, happened_at);

select ops.partition_by_month('ops.agreement', 'measured_at');
alter table ops.agreement
add primary key (run_id, phase, entity, field, left_system, right_system, measured_at);
create index agreement_by_time on ops.agreement (phase, measured_at);
select ops.partition_by_month('ops.dbt_results', 'finished_at');
alter table ops.dbt_results add primary key (run_id, node_id, finished_at);

-- What the report asks of all batches of a night.
create index batches_by_time on ops.batches (landed_at);

-- Since when what is kept for a time is whole, and how much of it was dropped so far.
create table ops.kept_parts (
    part text primary key,
    kept_since timestamptz,
    dropped_bytes bigint not null default 0
);
comment on table ops.kept_parts is
'One row per part of the warehouse of which something was dropped; what is older than kept_since may be gone.';
-- How large each part was after each night.
create table ops.part_sizes (
    part text not null,
    measured_on date not null,
    bytes bigint not null,
    dropped_bytes bigint not null,
    primary key (part, measured_on)
);
grant select, insert, update on ops.kept_parts to concord_planner;
grant select, insert, update, delete on ops.part_sizes to concord_planner;
grant delete on ops.dead_letters to concord_planner;
grant select on ops.kept_parts, ops.part_sizes to concord_reader;
