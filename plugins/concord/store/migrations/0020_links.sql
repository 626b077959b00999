-- Numbers that are written with and without zeros before them have one text.
create or replace function ops.link_text(kind text, written text) returns text
language sql immutable strict parallel safe as $$
    select case
        when kind = 'order name' then coalesce(
            nullif(regexp_replace(written, '[^0-9]+', '', 'g'), ''),
            right(upper(regexp_replace(written, '[^[:alnum:]]+', '', 'g')), 1)
        )
        when kind in ('partner number', 'wholesale customer') then nullif(
            regexp_replace(upper(regexp_replace(written, '[^[:alnum:]]+', '', 'g')), '^0+(?=.)', ''), ''
        )
        else nullif(upper(regexp_replace(written, '[^[:alnum:]]+', '', 'g')), '')
    end
$$;

-- The texts of all that a JSON document names at a path; none where there is no document.
create function ops.link_texts(kind text, document jsonb, path jsonpath) returns text[]
language sql immutable parallel safe as $$
    select coalesce(array_agg(ops.link_text(kind, named #>> '{}')), '{}')
    from jsonb_path_query(document, path) as named
    where ops.link_text(kind, named #>> '{}') is not null
$$;
grant execute on function ops.link_texts(text, jsonb, jsonpath)
to concord_loader, concord_transformer, concord_planner;

-- Keeps what linked a record to others before it was changed: the values of the fields named by the trigger; of a
-- field with a path behind its name, what the document names at that path.
create or replace function ops.touch_records() returns trigger language plpgsql security definer
set search_path = '' as $$
declare
    links text := coalesce((
        select string_agg(
            format(
                case when path = '' then '%1$L, %1$I' else '%1$L, jsonb_path_query_array(%1$I, %2$L)' end, name, path
            ),
            ', '
        )
        from unnest(tg_argv[2:]) as argument
        cross join lateral (
            select split_part(argument, ' ', 1), substr(argument, length(split_part(argument, ' ', 1)) + 2)
        ) as parts (name, path)
    ), '');
begin
    execute format(
        'insert into ops.touched (system, resource, record_key, before) '
        'select $1, $2, _key, jsonb_build_object(%s) from old_rows', links
    ) using tg_argv[0], tg_argv[1];
    return null;
end $$;

-- Whether the report must build again is told by what was touched since.
alter table ops.reconciliations drop column built_from;
drop function ops.inputs();
