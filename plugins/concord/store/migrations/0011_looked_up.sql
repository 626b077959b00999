-- How many of a batch's records came by their key: they say nothing of how many records its window held.
alter table ops.batches add column looked_up integer not null default 0;
comment on column ops.batches.looked_up is 'Records that came by their key and not by the window, of those received.';
