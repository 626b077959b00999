"""The rule about a distributed PostgreSQL (Citus): a statement over a distributed table names one batch.

The tables of landing and `ops.dispositions` may be distributed by the batch (docs/scaling.md). All rows of a
batch lie on one node then. What names one batch is answered there, and Citus knows all of SQL for it. For
statements over several nodes it lacks correlated subqueries, `for update`, grouping sets and recursive queries,
and for distributed tables foreign keys to others and triggers. So what names no batch is listed here, with what
is to be done about it.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

PLUGINS = Path("plugins/concord")
MIGRATIONS = PLUGINS / "store/migrations"
MODELS = Path("dbt_project")
DEFINITIONS = (PLUGINS / "store/tables.py", PLUGINS / "store/typed_fields.py")  # what makes the tables of landing
TESTS = PLUGINS / "testing"
# What a landing table and the view over it are called in a statement.
NAMES = ("landing", "view", "relation")
DISTRIBUTED = (
    r"(?:\{(?:" + "|".join(NAMES) + r")\}|\blanding\.\w+|\bops\.dispositions\b)"
    r"(?: as (?!\w+\._?batch_id\b)(?P<alias>\w+))?"
)
BATCH = r"_?batch_id = (?:%\(batch\)s|%s|\{batch\}|'\{batch_id\}'|new\.batch_id)"
GIVES_BATCH = re.compile(r"^insert into ops\.dispositions \(batch_id\b[^)]*\)\s*select \{batch\}")
NEEDS = re.compile(r"\b(?:select|update|delete|insert)\b")
CALLS = {"landing_table", "typed_view"}
STREAMS = "copy_pages"  # its rows carry the batch
FOREIGN = re.compile(r"\breferences ops\.(?!dispositions\b)(\w+)")
KEY = re.compile(r"\b(?:primary key|unique) \((?P<columns>[^)]*)\)")
# What is in order, or is to be changed before the tables are distributed, by path and a part of the statement.
ALLOWED: Mapping[tuple[str, str], str] = {
    ("store/migrations/0001_ledger.sql", "references ops.batches"): "drop it; a batch deletes what it had itself",
    (
        "store/migrations/0018_retention.sql",
        "references ops.batches",
    ): "drop it; a batch deletes what it had itself",
    ("store/migrations/0018_retention.sql", "ops.partition_by_month"): "runs while the table lies on one node",
    (
        "store/ledger/record_history.py",
        "dispositions.record_key = %(key)s",
    ): "reads all nodes, without what they lack",
}


def find_citus_breaches(root: Path, allowed: Mapping[tuple[str, str], str] = ALLOWED) -> Iterator[str]:
    """Every statement over a distributed table that names no batch and is not allowed, as `path:line: what`.

    An entry of `allowed` that fits no statement is told, too.
    """
    unused = set(allowed)
    for place, line, statement, fault in _find_all(root):
        known = {key for key in allowed if PLUGINS / key[0] == place and key[1] in statement}
        unused -= known
        if not known:
            yield f"{place}:{line}: {fault}: {' '.join(statement.split())[:100]}"
    for path, part in sorted(unused):
        yield f"tools/citus.py:1: {path} has no such statement any more: {part}"


def _find_all(root: Path) -> Iterator[tuple[Path, int, str, str]]:
    """All statements at fault: path, line, statement, and what is wrong."""
    for path in sorted((root / PLUGINS).rglob("*.py")):
        place = path.relative_to(root)
        if place in DEFINITIONS or place.is_relative_to(TESTS):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for line, text in _read_strings(tree):
            yield from ((place, line, statement, fault) for statement, fault in _judge_text(text))
        for line, call in _find_nameless(tree):
            yield place, line, call, "give the table to the statement as landing or view"
    for path in sorted((root / MIGRATIONS).glob("*.sql")):
        text = re.sub(r"--.*", "", path.read_text(encoding="utf-8"))
        for statement, fault in _judge_text(text):
            line = text[: text.find(statement)].count("\n") + 1
            yield path.relative_to(root), line, statement, fault
    for path in sorted((root / MODELS).rglob("*.sql")):
        if found := re.search(r"\blanding\.\w|source\('landing'|\bops\.dispositions\b", path.read_text("utf-8")):
            yield path.relative_to(root), 1, found[0], "models read no distributed table"


def _judge_text(text: str) -> Iterator[tuple[str, str]]:
    """The statements of a text that are at fault, each with what is wrong."""
    for piece in re.split(r";|\bunion(?: all)?\b", text):
        statement = piece.strip()
        if fault := _judge(statement):
            yield statement, fault


def _judge(statement: str) -> str:
    """What is wrong with a statement, empty where nothing is."""
    if re.match(r"(?:create|alter) table ops\.dispositions\b", statement):
        if FOREIGN.search(statement):
            return "a distributed table has no foreign key to one that is not"
        keys = [found["columns"] for found in KEY.finditer(statement)]
        return "" if all("batch_id" in key for key in keys) else "a key of a distributed table holds the batch"
    if re.match(r"create (?:constraint )?trigger\b", statement) and re.search(
        r"\bon ops\.dispositions\b", statement
    ):
        return "a distributed table has no triggers"
    if not NEEDS.search(statement) or GIVES_BATCH.match(statement) or re.match(r"(?:grant|revoke)\b", statement):
        return ""
    for table in re.finditer(DISTRIBUTED, statement):
        before = rf"\b{table['alias']}\." if table["alias"] else r"(?<!\.)\b(?:dispositions\.)?"
        if not re.search(before + BATCH, statement):
            return "names no batch"
    return ""


def _read_strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The texts of a module that are no docstrings; a value within one stands as `{name}`."""
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inner | notes:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(map(_say_part, node.values))


def _say_part(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    return "{" + ast.unparse(part.value) + "}" if isinstance(part, ast.FormattedValue) else ""


def _find_nameless(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where a landing table, or the view over it, goes into a statement under a name that does not tell."""
    told: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in NAMES:
            told.add(id(node.value))
        elif isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            told |= {id(value) for key, value in pairs if isinstance(key, ast.Constant) and key.value in NAMES}
        elif isinstance(node, ast.Call) and _name_of(node) == STREAMS:
            told |= {id(argument) for argument in node.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name_of(node) in CALLS and id(node) not in told:
            yield node.lineno, ast.unparse(node)


def _name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""
