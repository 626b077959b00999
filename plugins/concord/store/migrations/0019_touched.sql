-- What changed since the systems were reconciled last, so that a night reconciles that and leaves the rest as it is.
-- Models read the views of the schema `scope`: over all records, or over those that a build works on.
create schema if not exists scope authorization concord_loader;
create schema if not exists touched authorization concord_loader;
grant usage on schema scope, touched to concord_transformer, concord_planner, concord_reader;
alter default privileges for role concord_loader in schema scope
grant select on tables to concord_transformer, concord_planner, concord_reader;
alter default privileges for role concord_loader in schema touched
grant select on tables to concord_transformer, concord_planner;

create table ops.touched (
    system text not null,
    resource text not null,
    record_key text not null,
    before jsonb,
    written_by xid8 not null default pg_current_xact_id()
);
comment on table ops.touched is
'Records that were changed, deleted, set aside or freed, with what linked them to others before the change. With the '
'name of an entity in place of a resource: records that belong to another golden record than before.';
create index touched_by_transaction on ops.touched (written_by);

alter table ops.batches add column closed_by xid8 not null default pg_current_xact_id();
comment on column ops.batches.closed_by is 'The transaction that judged the batch; what is new is found by it.';
create index batches_by_transaction on ops.batches (closed_by);

create table ops.scopes (
    phase text primary key,
    fingerprint text not null,
    seen_until xid8 not null,
    begun_at timestamptz not null,
    completed_at timestamptz not null default clock_timestamp()
);
comment on table ops.scopes is
'For each phase of a night, up to which transaction it has worked in what was read, and with which project.';

create table ops.scope (
    only_row boolean primary key default true check (only_row),
    is_narrow boolean not null
);
comment on table ops.scope is 'Whether the build under way works on touched records only.';
insert into ops.scope (is_narrow) values (false);

-- What a build works on: records, with the round in which each was found; what they name, and what names them; and
-- the golden customers and the orders that they belong to or belonged to.
create table touched.records (
    system text not null,
    resource text not null,
    record_key text not null,
    round integer not null,
    primary key (system, resource, record_key)
);
create table touched.texts (kind text not null, value text not null, round integer, primary key (kind, value));
create table touched.customers (golden_id text primary key);
create table touched.orders (order_name text primary key);
alter table touched.records owner to concord_loader;
alter table touched.texts owner to concord_loader;
alter table touched.customers owner to concord_loader;
alter table touched.orders owner to concord_loader;
grant select on all tables in schema touched to concord_transformer, concord_planner;
grant insert on touched.orders to concord_transformer;
create view scope.identities as select * from ops.identities;
alter view scope.identities owner to concord_loader;
grant select on scope.identities to concord_transformer, concord_planner;
grant usage on schema marts, intermediate to concord_loader;
grant select on all tables in schema marts, intermediate to concord_loader;
alter default privileges for role concord_transformer in schema marts grant select on tables to concord_loader;
alter default privileges for role concord_transformer in schema intermediate
grant select on tables to concord_loader;

grant select on ops.touched, ops.scopes, ops.scope to concord_transformer, concord_loader, concord_planner;
grant insert, update, delete on ops.scopes, ops.touched to concord_loader;
grant insert on ops.touched to concord_planner;
grant update on ops.scope to concord_loader;
grant select on ops.identities to concord_loader;

-- Keeps what linked a record to others before it was changed: the values of the fields named by the trigger.
create function ops.touch_records() returns trigger language plpgsql security definer set search_path = '' as $$
declare
    links text := coalesce((
        select string_agg(format('%L, %I', name, name), ', ') from unnest(tg_argv[2:]) as name
    ), '');
begin
    execute format(
        'insert into ops.touched (system, resource, record_key, before) '
        'select $1, $2, _key, jsonb_build_object(%s) from old_rows', links
    ) using tg_argv[0], tg_argv[1];
    return null;
end $$;

create function ops.touch_dead_letter() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    if new.stage = 'validate' and (tg_op = 'INSERT' or new.state is distinct from old.state) then
        insert into ops.touched (system, resource, record_key, before)
        values (new.system, new.resource, coalesce(new.record_key, ''), new.fields);
    end if;
    return null;
end $$;
create trigger touch_dead_letter after insert or update of state on ops.dead_letters
for each row execute function ops.touch_dead_letter();

-- One text for all notations of an order's name, a customer's number or a parcel. Things that differ may share a
-- text; notations of one thing always do. An import may have put letters before the name of an order.
create function ops.link_text(kind text, written text) returns text
language sql immutable strict parallel safe as $$
    select case
        when kind = 'order name' then coalesce(
            nullif(regexp_replace(written, '[^0-9]+', '', 'g'), ''),
            right(upper(regexp_replace(written, '[^[:alnum:]]+', '', 'g')), 1)
        )
        else nullif(upper(regexp_replace(written, '[^[:alnum:]]+', '', 'g')), '')
    end
$$;
grant execute on function ops.link_text(text, text)
to concord_loader, concord_transformer, concord_planner;

-- Tables that are there already; those of later systems get theirs when they are made.
do $$
declare
    held name;
begin
    for held in select tablename from pg_tables where schemaname = 'validated' loop
        execute format('create view scope.%I as select * from validated.%I', held, held);
        execute format('alter view scope.%I owner to concord_loader', held);
        execute format('grant select on scope.%I to concord_transformer, concord_planner, concord_reader', held);
        execute format('create index if not exists %I on validated.%I (_batch_id)', held || '__batch', held);
    end loop;
end $$;
