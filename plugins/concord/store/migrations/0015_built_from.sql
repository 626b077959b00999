-- What a reconcile was built from, so that the report need not build the same again: what was read, set aside and
-- settled so far. No model of dbt reads anything else that changes between two builds.
alter table ops.reconciliations add column built_from text not null default '';
create function ops.inputs() returns text stable language sql as $$
    select concat_ws(
        ' ', (select concat_ws(' ', count(*), max(landed_at), max(finished_at)) from ops.batches),
        (select concat_ws(' ', count(*) filter (where state = 'open'), max(last_seen_at)) from ops.dead_letters)
    )
$$;
