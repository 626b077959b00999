-- What an account has of the declared fields: where each is, of which kind it is, or its one value for all records.
create table ops.account_fields (
    system text not null,
    resource text not null,
    field text not null,
    vendor_path text,
    constant text,
    kind text,
    noticed_at timestamptz not null default clock_timestamp(),
    primary key (system, resource, field),
    check (vendor_path is null or constant is null)
);
comment on table ops.account_fields is
'What the last look at each account found, per declared field; kind is empty where the vendor does not tell it. A field
without vendor_path and without constant is not read: that is neither an empty value nor a removed one.';
grant select, insert, update, delete on ops.account_fields to concord_loader;
grant select on ops.account_fields to concord_transformer, concord_planner, concord_reader;
