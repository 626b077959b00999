"""Looks at what an account has before anything is read: fields that it lacks, and fields that have changed.

Editions, settings and permissions decide which fields an account has, and vendors remove fields or give them
another type. The vendor's own description tells it before the night, and not in it.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from concord.contract import Account, Field, Kind, Resource, Session, System
from concord.contract.fields import split_path
from concord.errors import ConfigurationError, RequestError
from concord.protocols.describing import paths_of
from concord.settings import Connection

_logger = logging.getLogger(__name__)
_NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL})
_WORDS = {
    Kind.TEXT: "text",
    Kind.INTEGER: "a whole number",
    Kind.DECIMAL: "a number",
    Kind.BOOLEAN: "yes or no",
    Kind.TIMESTAMP: "a time",
    Kind.DATE: "a date",
    Kind.JSON: "a list or an object",
}


@dataclass(frozen=True, slots=True)
class AccountLook:
    """What a look at an account found of one resource.

    `lacking` are the optional fields that it has not, `faults` what must be put right before the resource can be
    read, in words, and `further` the paths of fields that no declaration names, with the kinds that the vendor
    tells. `is_described` is False where the vendor does not tell; then all is taken to be as declared.
    """

    account: Account
    is_described: bool = True
    lacking: tuple[Field, ...] = ()
    faults: tuple[str, ...] = ()
    further: Mapping[str, Kind | None] = field(default_factory=dict)


def look_at_account(session: Session, system: System, resource: Resource, known: Account) -> Account:
    """The resource as the account has it; `ConfigurationError` where it cannot be read as declared.

    `known` is what the last look found. Where the vendor refuses to describe the resource, it is read as declared.
    Raises the session's other errors.
    """
    try:
        look = compare_account(session, resource, known)
    except RequestError as error:
        _logger.warning("%s does not say which fields %s has: %s", system.title, resource.name, error.message)
        return Account(resource)
    if look.faults:
        raise ConfigurationError(
            f"{resource.name} of {system.title} was not read, because {'; '.join(look.faults)}. Give the login "
            "the permission to see it, or correct the declaration of the system.",
            system=system.name,
            resource=resource.name,
        )
    for item in look.lacking:
        _logger.warning("%s %s", system.title, say_lacking(resource, item, look.account, session.connection))
    return look.account


def compare_account(session: Session, resource: Resource, known: Account | None = None) -> AccountLook:
    """Ask the vendor what the account has and compare it with the declaration; raises the session's errors.

    Text is taken for any single value, unless `known` says that the field held something else before.
    """
    found = resource.read.describe(session, resource)
    if found is None:
        return AccountLook(Account(resource), is_described=False)
    paths = {item.name: _path_in(item, found) for item in resource.fields}
    lacking = tuple(item for item in resource.fields if item.optional and paths[item.name] is None)
    faults = tuple(_faults(resource, found, known.kinds if known else {}))
    differing = {item.name: paths[item.name] for item in resource.fields if paths[item.name] != item.path}
    further = _find_further(resource, found)
    if faults:
        return AccountLook(Account(resource), lacking=lacking, faults=faults, further=further)
    constants = {item.name: value for item in lacking if (value := _constant(item, session.connection))}
    unread = frozenset(item.name for item in lacking if item.name not in constants)
    kinds = {name: kind for name, path in paths.items() if path is not None and (kind := found[path]) is not None}
    account = Account(resource.in_account(differing), constants, unread, kinds)
    return AccountLook(account, lacking=lacking, further=further)


def say_lacking(resource: Resource, item: Field, account: Account, connection: Connection) -> str:
    """A sentence about a field that the account lacks, and what becomes of it."""
    if item.name in account.constants:
        return (
            f'has no {item.path} for {resource.name}: all of them get the {item.name} that "{item.constant}" of '
            "the connection's extra fields says."
        )
    advice = ""
    if item.constant:
        advice = (
            f' Put "{item.constant}" into the extra fields of connection "{connection.name}" if all records have '
            "the same."
        )
    lacking = f"has no {item.path} for {resource.name}: {item.name} is not read and not written"
    return (
        f"{lacking}, and no {resource.name} are created.{advice}"
        if is_key(resource, item)
        else f"{lacking}.{advice}"
    )


def is_key(resource: Resource, item: Field) -> bool:
    """Whether records that are created are found again by the field."""
    creates = resource.writes is not None and bool(resource.writes.create)
    return creates and item.name in resource.natural_key


def say_kind(kind: Kind | None) -> str:
    """What a field holds, in words; an empty text where that is not known."""
    return _WORDS[kind] if kind else ""


def _find_further(resource: Resource, found: Mapping[str, Kind | None]) -> Mapping[str, Kind | None]:
    """The fields of which nothing is read; of those that hold others, none that are read in part."""
    declared = {tuple(split_path(path)) for path in paths_of(resource)}
    begun = {parts[:length] for parts in declared for length in range(1, len(parts) + 1)}
    return {path: kind for path, kind in found.items() if tuple(split_path(path)) not in begun}


def _path_in(item: Field, found: Mapping[str, Kind | None]) -> str | None:
    """The path at which the account has the field, None where it has not."""
    return next((path for path in (item.preferred, item.path) if path in found), None)


def _constant(item: Field, connection: Connection) -> str:
    return str(connection.extra.get(item.constant) or "") if item.constant else ""


def _faults(resource: Resource, found: Mapping[str, Kind | None], known: Mapping[str, Kind]) -> Iterator[str]:
    gone = [f"{item.path} ({item.name})" for item in resource.fields if _is_gone(item, found)]
    if gone:
        yield f"the vendor has no {', '.join(gone)} there, or does not show it to this login"
    for item in resource.fields:
        path = _path_in(item, found)
        kind = found[path] if path is not None else None
        if kind is not None and not _fits(item, kind, known.get(item.name, Kind.TEXT)):
            yield f"{path} ({item.name}) holds {_WORDS[kind]} now, where {_WORDS[item.kind]} is declared"


def _is_gone(item: Field, found: Mapping[str, Kind | None]) -> bool:
    return not item.optional and _path_in(item, found) is None


def _fits(item: Field, kind: Kind, before: Kind) -> bool:
    """Whether values of this kind can be read as the field.

    A form reads any single value, and a text may hold any: it only tells something where there was another kind.
    Databases hold yes and no as 1 and 0.
    """
    if kind is item.kind or {kind, item.kind} <= _NUMBERS or (kind, item.kind) == (Kind.INTEGER, Kind.BOOLEAN):
        return True
    if kind is Kind.JSON or item.is_document:
        return item.is_document
    return item.kind is Kind.TEXT or item.form.sql != "{}" or (kind is Kind.TEXT and before is Kind.TEXT)
