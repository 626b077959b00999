-- Which fields a batch read of all records, so that a field declared since is known to be still unread in older ones.
alter table ops.batches add column whole_fields jsonb;
comment on column ops.batches.whole_fields is
'The fields with the vendor''s paths that this batch read of all records there were; empty where it read what changed.';
create index batches_whole on ops.batches (system, resource) where whole_fields is not null;
-- What the last look at each account found was read of all records.
update ops.batches set whole_fields = known.fields
from (
    select newest.batch_id, jsonb_object_agg(fields.field, fields.vendor_path) as fields
    from (
        select distinct on (system, resource) system, resource, batch_id from ops.batches
        where purpose = 'window' and state = 'covered'
        order by system, resource, upper(covered_window) desc
    ) as newest
    inner join ops.account_fields as fields using (system, resource)
    where fields.vendor_path is not null
    group by newest.batch_id
) as known
where batches.batch_id = known.batch_id;
-- No table can be altered while checks of the update are pending.
set constraints all immediate;
set constraints all deferred;
create view ops.unread_fields as
select fields.system, fields.resource, fields.field, fields.vendor_path is not null as is_awaited
from ops.account_fields as fields
left join lateral (
    select batches.whole_fields from ops.batches
    where batches.system = fields.system and batches.resource = fields.resource and batches.state = 'covered'
        and batches.whole_fields is not null
    order by upper(batches.covered_window) desc limit 1
) as whole on true
where fields.constant is null and (
    fields.vendor_path is null
    or (whole.whole_fields is not null and whole.whole_fields ->> fields.field is distinct from fields.vendor_path)
);
comment on view ops.unread_fields is
'Declared fields whose values are not known: the account has no such field, or (is_awaited) it has, and older records
have not been read with it yet.';
grant select on ops.unread_fields to concord_transformer, concord_planner, concord_reader, concord_loader;
