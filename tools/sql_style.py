"""sqlfluff over the models, Concord's and the examples', that changed since they last passed; all take a minute.

What passed is kept in `.concord/sql-style` as names of empty files. Each is a hash of what the verdict is about:
the model, the macros, the settings and sqlfluff's version. Without the folder all models are checked again.
"""

import hashlib
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path

Lint = Callable[[list[str]], str]


def lint_models(root: Path, project: Path, lint: Lint) -> str:
    """Lint the models of a dbt project or an example that have not passed as they are; the complaint, if any.

    `lint` gets paths relative to the project and returns its complaint; models without any are remembered.
    """
    passed, dbt = root / ".concord" / "sql-style", root / "dbt_project"
    common = _hash([root / ".sqlfluff", dbt / "dbt_project.yml", *sorted((dbt / "macros").rglob("*.sql"))])
    marks = {path: f"{common[:16]}-{_hash([path])[:32]}" for path in sorted((project / "models").rglob("*.sql"))}
    changed = [path for path, mark in marks.items() if not (passed / mark).exists()]
    complaint = lint([str(path.relative_to(project)) for path in changed]) if changed else ""
    if not complaint:
        passed.mkdir(parents=True, exist_ok=True)
        for path in changed:
            (passed / marks[path]).touch()
    return complaint


def _hash(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256(version("sqlfluff").encode())
    for path in paths:
        digest.update(str(path).encode() + b"\0" + path.read_bytes() if path.exists() else b"-")
    return digest.hexdigest()
