-- What a batch asked for, which is more than it covers where the vendor's clock is behind ours, and what was told of
-- clocks: how far the vendor's was behind (ahead where negative), and how many records have a stamp in the future.
alter table ops.batches
add column asked_until timestamptz,
add column clock_behind interval not null default '0',
add column future_stamps integer not null default 0;
comment on column ops.batches.asked_until is 'The end of the window that was asked for, where coverage ends before it.';
comment on column ops.batches.clock_behind is 'How far the vendor''s clock was behind ours; ahead where negative.';
comment on column ops.batches.future_stamps is 'Records whose change stamp lay in the future and orders no versions.';
