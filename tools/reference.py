"""Writes docs/reference.md: what a declaration, a reader, a writer and a login are made of, out of the docstrings.

`.venv/bin/python -m tools.reference` writes it anew; a test says when that is needed.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reference.md"
BEGINNING = """# Reference

What a system is declared with, and what a reader, a writer or a login of your own must keep to. It is for the
data engineer who has read [adding-a-system.md](adding-a-system.md). Each chapter names a declaration that runs in
a test against a server; begin with that.

This page is made of the docstrings; `.venv/bin/python -m tools.reference` makes it anew.
"""


@dataclass(frozen=True)
class Chapter:
    """A part of the page: what it is about, the files that show it, and the names in each module."""

    title: str
    about: str
    examples: tuple[str, ...]
    names: tuple[tuple[str, tuple[str, ...]], ...]


REST = "RestList SingleRecord WindowParams PageNumber Offset Cursor HeaderCursor NextAddress LinkHeader"
CHAPTERS = (
    Chapter(
        "A declaration",
        "What every system has. A wrong declaration is refused when it is built.",
        ("examples/help_desk/systems/deskly.py",),
        (
            (
                "contract",
                ("System", "VendorRules", "LoginEnded", "RateLimit", "Resource", "Field", "Form", "Kind"),
            ),
            ("contract", ("ChangedBetween", "Snapshot", "Worklist", "Writes", "PartOf", "Listed")),
            ("contract", ("AccountChecks", "AccountCheck", "Finding", "PageReader")),
        ),
    ),
    Chapter(
        "Logins",
        "An `Auth` gives the headers of a call. Most logins are declared; one of your own has these two methods.",
        ("tests/systems/kiosk_system.py", "plugins/concord/systems/tryton/login.py"),
        (
            (
                "protocols.session.auth",
                ("ClientCredentials", "StaticToken", "BasicLogin", "TokenLogin", "LoginCall"),
            ),
            ("protocols.session.auth", ("InBody", "InHeader", "InCookie", "AsHeader")),
            ("protocols.session.assertion", ("SignedAssertion",)),
            ("protocols.session.scopes", ("GrantedScopes", "Scope")),
            ("contract", ("Auth",)),
        ),
    ),
    Chapter(
        "REST",
        "Lists in pages, single records, and one record a write.",
        ("examples/help_desk/systems/deskly.py", "examples/two_servers/systems/oscar.py"),
        (
            ("protocols.rest", tuple(REST.split())),
            ("protocols.rest", ("RestWrites", "Update", "Create", "ResponsePaths")),
            ("protocols.rest", ("IfMatchEtag", "IfMatchGuard", "IfUnmodifiedSince")),
        ),
    ),
    Chapter(
        "GraphQL",
        "Lists with the pagers of REST, and mutations. Parameters are paths of arguments.",
        ("tests/systems/kiosk_system.py",),
        (
            ("protocols.graphql", ("GraphQLApi", "GraphQLRules", "GraphQLList", "SingleNode", "Nested", "Result")),
            ("protocols.graphql", ("GraphQLWrites", "Mutating")),
        ),
    ),
    Chapter(
        "OData",
        "V2 and V4: lists by the key, and writes with ETags, CSRF tokens and `$batch`.",
        ("plugins/concord/systems/sap/declaration.py",),
        (
            ("protocols.odata.service", ("ODataService", "EntityKey")),
            ("protocols.odata.lists", ("EntitySet",)),
            ("protocols.odata.values", ("ChangedAt", "ChangedOn")),
            ("protocols.odata.writes", ("ODataWrites",)),
        ),
    ),
    Chapter(
        "SOAP",
        "The WSDL says the types; operations are named here.",
        ("tests/systems/soap_system.py",),
        (
            ("protocols.soap.calls", ("SoapService",)),
            ("protocols.soap.lists", ("SoapList",)),
            ("protocols.soap.verdicts", ("Verdicts",)),
            ("protocols.soap.writes", ("SoapWrites",)),
        ),
    ),
    Chapter(
        "JSON:API",
        "Lists by links; a vendor writes in a way of its own.",
        ("plugins/concord/systems/klaviyo/declaration.py",),
        (("protocols.jsonapi.lists", ("JsonApiList", "Filters")),),
    ),
    Chapter(
        "SQL",
        "Tables of a database, in any dialect that SQLAlchemy knows.",
        ("plugins/concord/systems/legacy_sql.py",),
        (
            ("protocols.sql.tables", ("SqlTable",)),
            ("protocols.sql.writes", ("GuardedUpdates", "InboxInserts")),
            ("protocols.sql.link", ("DatabaseLogin",)),
        ),
    ),
    Chapter(
        "Files",
        "Fixed or separated records, in a folder or over SFTP.",
        ("plugins/concord/systems/ibm_i/declaration.py",),
        (
            ("protocols.files.reading", ("FlatFiles",)),
            ("protocols.files.writing", ("FlatFileWriter",)),
        ),
    ),
    Chapter(
        "Values",
        "Forms for values that several vendors write alike.",
        ("tests/systems/kiosk_system.py",),
        (
            ("protocols.money", ("minor_units",)),
            ("protocols.moments", ("in_milliseconds", "in_seconds")),
        ),
    ),
    Chapter(
        "A reader of your own",
        "A class with these methods. It asks the session, and raises nothing but the session's errors. The "
        "helpers refuse a list that repeats itself, decode with retries, and fetch a page ahead.",
        ("tests/store/shopfront.py", "plugins/concord/systems/stripe/lists.py"),
        (
            ("contract", ("Reader", "Session", "Response")),
            (
                "protocols.reading",
                ("Pages", "ask", "ask_with_headers", "keys_in", "only_key", "batched", "prefetch"),
            ),
            ("protocols.paging.listing", ("read_listing",)),
            ("protocols.counting", ("with_moved", "check_total")),
        ),
    ),
    Chapter(
        "A writer of your own",
        "A class with these members. Most of them are "
        "`check_changes(session, resource, changes).send(send, size)`, where `send` makes one call and reads its "
        "results: `check_changes` compares the guards and finds what an earlier call created, `settle_all` says "
        "what a result or an error means for each change. The errors that each mean something else to the caller "
        "are in `Writer.write`.",
        ("tests/store/shopfront.py", "plugins/concord/systems/hubspot/batches.py"),
        (
            ("contract", ("Writer", "Change", "End", "Outcome")),
            ("protocols.writing", ("check_changes", "CheckedChanges", "settle", "settle_groups", "settle_all")),
            ("protocols.writing", ("split_moved", "split_known", "split_existing", "find_created")),
            ("protocols.writing", ("confirmed", "rejected", "conflicted", "unknown", "held")),
            ("protocols.values", ("values_by_path", "vendor_values")),
        ),
    ),
    Chapter(
        "Errors",
        "An error says what the caller should do.",
        ("plugins/concord/protocols/session/verdict.py",),
        (("errors", ()),),
    ),
)


def write_page() -> str:
    """The page as Markdown."""
    return BEGINNING + "".join(f"\n{text}\n" for chapter in CHAPTERS for text in _chapter(chapter))


def _chapter(chapter: Chapter) -> Iterator[str]:
    shown = ", ".join(f"`{path}`" for path in chapter.examples)
    yield f"## {chapter.title}\n\n{chapter.about}\n\nTo see it at work: {shown}."
    for module, names in chapter.names:
        found = import_module(f"concord.{module}")
        if not names:
            yield f"```text\n{inspect.getdoc(found)}\n```"
        for name in names:
            yield _entry(f"{module}.{name}", getattr(found, name))


def _entry(name: str, thing: Any) -> str:
    head = f"### `{name.rpartition('.')[2]}`\n\nIn `concord.{name.rpartition('.')[0]}`.\n\n"
    said = f"```python\n{_signature(thing)}\n```\n\n{_text(thing)}"
    methods = _methods(thing) if getattr(thing, "_is_protocol", False) else ()
    return head + said + "".join(f"\n\n{each}" for each in methods)


def _methods(thing: Any) -> Iterator[str]:
    for name, member in vars(thing).items():
        if name.startswith("_") or not (inspect.isfunction(member) or isinstance(member, property)):
            continue
        shown = name if isinstance(member, property) else f"{name}{_plain(str(inspect.signature(member)))}"
        yield f"**`{shown}`**\n\n{_text(member)}"


def _signature(thing: Any) -> str:
    name = thing.__name__
    if is_dataclass(thing) and isinstance(thing, type):
        lines = [_member(item) for item in fields(thing) if item.init and not item.name.startswith("_")]
        return "\n".join([f"{name}(", *(f"    {line}," for line in lines), ")"]) if lines else f"{name}()"
    if getattr(thing, "_is_protocol", False):
        return f"class {name}"
    if hasattr(thing, "__members__"):
        return f"{name}: {', '.join(thing.__members__)}"
    return f"{name}{_plain(str(inspect.signature(thing)))}"


def _member(item: Any) -> str:
    kind = _plain(inspect.formatannotation(item.type))
    has_default = item.default is not MISSING or item.default_factory is not MISSING
    is_short = isinstance(item.default, (str, int, float, bool, type(None)))
    default = f" = {item.default!r}" if is_short else " = ..." if has_default else ""
    return f"{item.name}: {kind}{default}"


def _plain(text: str) -> str:
    """Types without the modules that they come from and without quotes, and no addresses of functions."""
    text = re.sub(r"<(?:function|method|bound method|built-in)[^>]*>", "...", text)
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Za-z_])", "", text)
    return re.sub(r"(: |-> |\[)'([A-Z]\w+)'", r"\1\2", text)


def _text(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)} is written.\n")
