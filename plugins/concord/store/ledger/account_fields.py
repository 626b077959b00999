"""What the accounts of the systems have: where each declared field was found, and of which kind it was."""

from collections.abc import Mapping

from concord.contract import Account, Kind, Resource, System
from concord.store.engine import Connection, fetch_rows

_FORGET = "delete from ops.account_fields where system = %s and resource = %s and field <> all(%s)"
_KEEP = """
insert into ops.account_fields as known (system, resource, field, vendor_path, constant, kind)
values (%s, %s, %s, %s, %s, %s)
on conflict (system, resource, field) do update
set vendor_path = excluded.vendor_path, constant = excluded.constant, kind = excluded.kind,
    noticed_at = clock_timestamp()
where (known.vendor_path, known.constant, known.kind)
    is distinct from (excluded.vendor_path, excluded.constant, excluded.kind)
"""
_FIND = """
select field, vendor_path, constant, kind from ops.account_fields where system = %s and resource = %s
"""


def record_account(connection: Connection, system: System, resource: Resource, account: Account) -> None:
    """Keep what the account has of the declared resource, in place of what was known of it."""
    there = {item.name: item.path for item in account.resource.fields}
    names = [item.name for item in resource.fields]
    connection.execute(_FORGET, (system.name, resource.name, names))
    for name in names:
        values = (there.get(name), account.constants.get(name), account.kinds.get(name))
        connection.execute(_KEEP, (system.name, resource.name, name, *values))


def find_account(connection: Connection, system: System, resource: Resource) -> Account:
    """The resource as the account had it when it was last looked at; as it is declared where it never was."""
    rows = fetch_rows(connection, _FIND, (system.name, resource.name))
    declared = {item.name: item.path for item in resource.fields}
    told = {row["field"]: row["vendor_path"] for row in rows if row["field"] in declared}
    paths: Mapping[str, str | None] = {name: path for name, path in told.items() if path != declared[name]}
    constants = {row["field"]: row["constant"] for row in rows if row["constant"] is not None}
    unread = frozenset(name for name, path in paths.items() if path is None and name not in constants)
    kinds = {row["field"]: Kind(row["kind"]) for row in rows if row["kind"] is not None}
    return Account(resource.in_account(paths), constants, unread, kinds)
