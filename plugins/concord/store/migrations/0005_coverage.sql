-- A batch covers nothing beyond the moment at which it was read: windows that were booked further are cut there.
update ops.batches
set covered_window = tstzrange(lower(covered_window), landed_at)
where purpose = 'window' and lower(covered_window) < landed_at
    and upper(covered_window) > landed_at + interval '5 minutes';

update ops.batches
set state = 'refused', reason = 'its window lay in the future, so it covered nothing'
where purpose = 'window' and lower(covered_window) >= landed_at;

-- From which moment on each resource that is read by span must be covered.
create table ops.coverage_starts (
    system text not null,
    resource text not null,
    starts_at timestamptz not null,
    primary key (system, resource)
);
grant select, insert, update on ops.coverage_starts to concord_loader;
grant select on ops.coverage_starts to concord_transformer, concord_planner, concord_reader;

-- What is missing between that moment and the end of what was read; of a resource that was never accepted, all.
create or replace view ops.coverage_gaps as
select
    expected.system,
    expected.resource,
    gap as missing_window
from (
    select
        system,
        resource,
        coalesce(coverage.covered, tstzmultirange()) as covered,
        coalesce(coverage_starts.starts_at, lower(coverage.covered)) as starts_at,
        coalesce(upper(coverage.covered), statement_timestamp()) as ends_at
    from ops.coverage
    full join ops.coverage_starts using (system, resource)
) as expected,
    unnest(
        tstzmultirange(tstzrange(least(expected.starts_at, expected.ends_at), expected.ends_at)) - expected.covered
    ) as gap;
