"""Shows the fields that an account has and that nothing is read of."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from concord import registry
from concord.cli.checking import find_warehouse_or_none
from concord.cli.context import adopt_systems, find_running
from concord.contract import Kind, Resource
from concord.errors import ConfigurationError, RequestError
from concord.local.airflow_connections import find_connections
from concord.stages.check.open_check import open_check
from concord.stages.extract.account import compare_account, say_kind
from concord.wording import say_things


@dataclass(frozen=True, slots=True)
class FurtherFields:
    """The fields of a resource that are not read, by path; None with the reason where the vendor does not tell."""

    resource: Resource
    fields: Mapping[str, Kind | None] | None
    reason: str = ""


def find_further_fields(system_name: str, resources: Sequence[str]) -> list[FurtherFields]:
    """Ask the account of a system what it has; of all its resources where none is named.

    Raises ConfigurationError without a connection, ContractError for an unknown name, and the session's errors.
    """
    adopt_systems()
    system = registry.system(system_name)
    chosen = [system.resource(name) for name in dict.fromkeys(resources)] or list(system.resources)
    connection = find_connections(find_running(), [system.connection])[system.connection]
    if isinstance(connection, ConfigurationError):
        raise connection
    found: list[FurtherFields] = []
    with open_check(system, connection, find_warehouse_or_none()) as session:
        for resource in chosen:
            try:
                look = compare_account(session, resource)
            except RequestError as error:
                found.append(FurtherFields(resource, None, error.message))
                continue
            found.append(
                FurtherFields(resource, look.further)
                if look.is_described
                else FurtherFields(resource, None, f"{system.title} does not tell which fields there are.")
            )
    return found


def show_further_fields(console: Console, found: Sequence[FurtherFields]) -> None:
    """Print the fields of each resource with what they hold."""
    for item in found:
        console.print(item.resource.name, style="bold")
        if item.fields is None:
            console.print(f"  {item.reason}")
            continue
        if not item.fields:
            console.print("  Every field that the account tells of is read.")
            continue
        console.print(f"  {say_things(len(item.fields), 'field')} more, of which nothing is read:")
        table = Table.grid(padding=(0, 2, 0, 4))
        for path, kind in sorted(item.fields.items()):
            table.add_row(path, say_kind(kind))
        console.print(table)


def fields_as_json(found: Sequence[FurtherFields]) -> str:
    """The paths by resource, with the kinds that the vendor tells; null where it tells nothing."""
    return json.dumps(
        {item.resource.name: None if item.fields is None else dict(sorted(item.fields.items())) for item in found},
        indent=2,
    )
