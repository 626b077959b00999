-- The first records of a resource, read to be looked at: they cover no window.
alter table ops.batches drop constraint batches_purpose_check;
alter table ops.batches add constraint batches_purpose_check
check (purpose in ('window', 'sample', 'read_back', 'replay'));
