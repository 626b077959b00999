"""Writes changes into a plan: those of a write-back, from candidates, and those that take another plan back."""

from psycopg import sql

from concord.contract import Resource, System
from concord.store.engine import Connection, fetch_value
from concord.store.ids import id_expression
from concord.store.ledger.account_fields import find_account
from concord.store.ledger.dead_letters import rejection_id
from concord.store.ledger.nights import DESIRED_AS_OF
from concord.store.tables import validated_table

# A held field is left out, and so is a refused change until its dead letter is replayed. Of an entity whose record
# some system has half made, no field is written anywhere: what that record says is not what its system decided. If
# that creation was refused, a person finishes or deletes the record, and replays the dead letter.
# A record that was read after those from which the desired state was worked out waits for the next reconcile; so
# does each create of a resource of which such a record is held, because it may be the one to create.
_LATE = """
drop table if exists late;
create temp table late (record_key text primary key, is_read_back boolean) on commit drop;
insert into late
select held._key, batches.purpose = 'read_back' from {validated} as held
inner join ops.batches on batches.batch_id = held._batch_id
where batches.finished_at > {desired_as_of};
analyze late;
"""
_INSERT = """
with candidates as ({candidates}),
change as (
    select {resource}::text as resource, entity_id, record_key, action, before - names as before,
        after - names as after, guard, reason
    from candidates
    cross join lateral (
        select coalesce(array_agg(field), '{{}}') as names from ops.holds
        where holds.system = %(system)s and holds.resource = {resource} and holds.lifted_at is null
            and holds.record_key = candidates.record_key
    ) as held
    where after - names <> '{{}}'
)
insert into ops.changes (
    change_id, plan_id, sequence, resource, entity_id, record_key, action, before, after, guard, reason
)
select {change_id}, %(plan)s,
    %(offset)s + row_number() over (order by action, record_key nulls first, entity_id),
    resource, entity_id, record_key, action, before, after, guard, reason
from change
where not exists (
    select from ops.dead_letters as letter
    where letter.state = 'open' and letter.dead_letter_id = {letter_id}
)
and not exists (
    select from ops.changes as begun
    inner join ops.plans using (plan_id)
    where begun.entity_id = change.entity_id and begun.action = 'create' and plans.plan_id <> %(plan)s
        and case begun.state
            when 'rejected' then begun.record_key is not null and exists (
                select from ops.dead_letters as letter
                where letter.change_id = begun.change_id and letter.state = 'open'
            )
            else begun.attempts > 0 and begun.state in ('planned', 'sent', 'unknown') and plans.state = 'approved'
        end
)
and not exists (select from late where late.record_key = change.record_key)
and (change.action <> 'create' or not exists (select from late where not is_read_back))
order by 3
"""
# A record whose creation is under way, or was confirmed and has not been deleted since, is not created again.
_CREATED = """
exists (
    select from ops.changes as earlier
    inner join ops.plans on plans.plan_id = earlier.plan_id
    where plans.system = %(system)s and plans.plan_id <> %(plan)s and earlier.resource = {resource}
        and earlier.entity_id = {entity_id} and earlier.action = 'create'
        and case
            when earlier.state = 'sent' then true
            when earlier.state = 'confirmed' or (earlier.state = 'rejected' and not earlier.is_verified)
            then not exists (
                select from {validated} as held where held._key = earlier.record_key and held._is_deleted
            )
            when earlier.state = 'unknown' then not exists (
                select from ops.batches
                where batches.system = %(system)s and batches.resource = {resource} and batches.purpose = 'window'
                    and batches.state = 'covered' and batches.landed_at > earlier.ended_at
            )
            else false
        end
)
"""
# Field by field: still as written (take it back), as before already (nothing to do), changed since (leave it), or
# not in the account any more (leave it).
_INVERSE_UPDATES = """
with fields as (
    select done.change_id, done.sequence, done.entity_id, done.record_key, field.key as name,
        field.value as written, coalesce(done.before -> field.key, 'null'::jsonb) as previous,
        coalesce(to_jsonb(held) -> field.key, 'null'::jsonb) as present,
        field.key = any(%(lacking)s) as is_lacking,
        held._key is null or held._is_deleted as is_gone, {guard} as guard
    from ops.changes as done
    cross join lateral jsonb_each(done.after) as field
    left join {validated} as held on held._key = done.record_key
    where done.plan_id = %(undone)s and done.resource = %(resource)s and done.action = 'update'
        and (done.state = 'confirmed' or (done.state = 'unknown' and done.is_verified)
            or (done.state = 'rejected' and not done.is_verified))
),
candidates as (
    select sequence as number, entity_id, record_key, guard, is_gone,
        coalesce(jsonb_object_agg(name, present) filter (where present = written and not is_lacking), '{{}}')
            as before,
        coalesce(jsonb_object_agg(name, previous) filter (where present = written and not is_lacking), '{{}}')
            as after,
        string_agg(name, ', ' order by name) filter (
            where present <> written and present <> previous and not is_lacking
        ) as changed_since,
        string_agg(name, ', ' order by name) filter (where present <> previous and is_lacking) as lacking
    from fields
    group by sequence, entity_id, record_key, guard, is_gone
),
change as (
    select {resource}::text as resource, entity_id, record_key, 'update' as action, before, after,
        case when is_gone then '{{}}' else guard end as guard, number,
        'Takes back what plan ' || %(undone)s::text || ' wrote.'
            || coalesce(' Left as they are, changed since: ' || changed_since || '.', '')
            || coalesce(' Left as they are, because the account has them no more: ' || lacking || '.', '')
            as reason,
        case
            when is_gone then 'The record is gone from the target, so it cannot be restored.'
            when after = '{{}}' then concat_ws(
                ' ', 'Somebody changed it since: ' || changed_since || '.',
                'The account has no more: ' || lacking || '.'
            )
            else ''
        end as obstacle
    from candidates
    where is_gone or after <> '{{}}' or changed_since is not null or lacking is not null
)
"""
_NOT_INVERTED = """
with change as (
    select done.resource, done.entity_id, done.record_key, done.action, done.after as before,
        case done.action when 'create' then '{{}}'::jsonb else done.before end as after,
        '{{}}'::jsonb as guard, done.sequence as number,
        'Plan ' || %(undone)s::text || case done.action when 'create' then ' created' else ' archived' end
            || ' this record.' as reason,
        case done.action
            when 'create' then
                'Concord does not delete: remove ' || done.record_key || ' at the target by hand if it must go.'
            else 'Concord does not restore: bring ' || done.record_key || ' back by hand if it must stay.'
        end as obstacle
    from ops.changes as done
    where done.plan_id = %(undone)s and done.resource = %(resource)s and done.action in ('create', 'archive')
        and done.record_key is not null
        and (done.state = 'confirmed' or (done.state = 'unknown' and done.is_verified)
            or (done.state = 'rejected' and not done.is_verified))
        and not exists (
            select from ops.plans as earlier
            inner join ops.changes as told on told.plan_id = earlier.plan_id
            where earlier.undoes_plan_id = %(undone)s and earlier.plan_id <> %(plan)s
                and earlier.state in ('approved', 'applied')
                and told.action = done.action and told.resource = done.resource
                and told.record_key = done.record_key
        )
)
"""
_INSERT_INVERSE = """
insert into ops.changes (
    change_id, plan_id, sequence, resource, entity_id, record_key, action, before, after, guard, reason,
    state, message, ended_at
)
select {change_id}, %(plan)s, %(offset)s + row_number() over (order by number),
    resource, entity_id, record_key, action, before, after, guard, reason,
    case obstacle when '' then 'planned' else 'held' end, obstacle,
    case obstacle when '' then null else clock_timestamp() end
from change
order by 3
"""
_LAST = "select coalesce(max(sequence), 0) from ops.changes where plan_id = %s"
_CHANGE_ID = id_expression(
    sql.Literal("change"),
    sql.SQL("%(plan)s::text"),
    sql.SQL("change.resource, change.entity_id, change.action, change.before::text, change.after::text"),
)


def insert_changes(
    connection: Connection, system: System, resource: Resource, *, plan_id: str, candidates: sql.Composable
) -> None:
    """Put the candidates into the plan, behind the changes it has.

    Left out are those with an open dead letter, and those of records that were read after those that the desired
    state was worked out from.

    `candidates` is a query of entity_id, record_key, action, before, after, guard and reason; the parameters
    `system` and `plan` are bound for it.
    """
    late = sql.SQL(_LATE).format(validated=validated_table(system, resource), desired_as_of=sql.SQL(DESIRED_AS_OF))
    connection.execute(late)
    statement = sql.SQL(_INSERT).format(
        candidates=candidates,
        resource=sql.Literal(resource.name),
        change_id=_CHANGE_ID,
        letter_id=rejection_id(system=sql.SQL("%(system)s::text"), change=sql.SQL("change")),
    )
    offset = fetch_value(connection, _LAST, (plan_id,))
    connection.execute(statement, {"plan": plan_id, "system": system.name, "offset": offset})


def is_created(system: System, resource: Resource, entity_id: sql.Composable) -> sql.Composed:
    """SQL for whether an earlier plan created this entity's record, or may have; for use among candidates."""
    return sql.SQL(_CREATED).format(
        resource=sql.Literal(resource.name), entity_id=entity_id, validated=validated_table(system, resource)
    )


def insert_inverse(
    connection: Connection, system: System, resource: Resource, *, plan_id: str, undone: str
) -> None:
    """Put what takes the resource's changes of the plan `undone` back into the plan, behind the changes it has.

    What cannot be taken back is held, with the reason as its message.
    """
    lacking = sorted(find_account(connection, system, resource).lacking)
    for source in (_INVERSE_UPDATES, _NOT_INVERTED):
        statement = sql.SQL(source + _INSERT_INVERSE).format(
            validated=validated_table(system, resource),
            resource=sql.Literal(resource.name),
            guard=guard_of_held(resource),
            change_id=_CHANGE_ID,
        )
        offset = fetch_value(connection, _LAST, (plan_id,))
        values = {"plan": plan_id, "undone": undone, "resource": resource.name, "offset": offset}
        connection.execute(statement, {**values, "lacking": lacking})


def guard_of_held(resource: Resource) -> sql.Composable:
    """SQL for the guard of a change: the guard fields as the row `held` has them, an empty object without any."""
    pairs = [
        sql.SQL("{}::text, to_jsonb(held.{})").format(sql.Literal(name), sql.Identifier(name))
        for name in resource.guards
    ]
    return sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(pairs))
