"""Lets records that are sums of many parts be worked on: a part that changed touches the whole, and no part else.

Models see all parts of a whole that is worked on, so that its sum is right. The other parts are there for that
only: they are not worked on, nothing that is linked with them is, and no row that is kept of them is replaced.
"""

from collections.abc import Sequence

from psycopg import sql

from concord.contract import System
from concord.contract.links import named_by
from concord.stages.reconcile.links import Link, list_parts
from concord.store.engine import Connection
from concord.store.tables import table_name, validated_table

_WHOLES = """
insert into touched.records (system, resource, record_key, round)
select {system}, {whole}, part.{name}::text, 0 from {table} as part
inner join touched.records as known
    on known.system = {system} and known.resource = {resource} and known.record_key = part._key
where part.{name} is not null
union
select {system}, {whole}, changed.before ->> {told}, 0 from ops.touched as changed
where changed.system = {system} and changed.resource = {resource} and changed.before ->> {told} is not null
    and changed.written_by >= {since}
on conflict do nothing
"""
_PARTS = """
insert into {copy} select part.* from {table} as part
inner join touched.records as known
    on known.system = {system} and known.resource = {whole} and known.record_key = part.{name}::text
where not exists (
    select from touched.records as own
    where own.system = {system} and own.resource = {resource} and own.record_key = part._key
)
"""


def take_wholes(connection: Connection, systems: Sequence[System], *, since: str) -> None:
    """Add the wholes of the parts that changed, those that they belong to now and those that they belonged to.

    It is called before what is linked with the changed records is added: a part that is only linked with one says
    the same as before.
    """
    for link in list_parts(systems):
        connection.execute(sql.SQL(_WHOLES).format(**_names(link), since=sql.Literal(since)))


def copy_parts(connection: Connection, systems: Sequence[System]) -> None:
    """Let models see all parts of the wholes that are worked on, beside the records that are."""
    for link in list_parts(systems):
        connection.execute(sql.SQL(_PARTS).format(**_names(link)))
        connection.execute(sql.SQL("analyze {copy}").format(**_names(link)))


def _names(link: Link) -> dict[str, sql.Composable]:
    return {
        "system": sql.Literal(link.system.name),
        "resource": sql.Literal(link.resource.name),
        "whole": sql.Literal(named_by(link.named)),
        "name": sql.Identifier(link.name),
        "told": sql.Literal(link.name),
        "table": validated_table(link.system, link.resource),
        "copy": sql.Identifier("touched", table_name(link.system, link.resource)),
    }
