"""Finds words that do not belong in the product: package indexes, paths of one machine, issues, notes."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

# Written so that no pattern matches itself.
FORBIDDEN: Mapping[str, re.Pattern[str]] = {
    "a package index": re.compile(r"--(?:extra-)?index-ur[l]\b|pypi[.]org|python[h]osted", re.IGNORECASE),
    "a path of one machine": re.compile(r"(?<![\w.$}-])/(?:hom[e]|[U]sers|wor[k]|far[m])/\w"),
    "a diary": re.compile(r"\bissue\s#?[0-9]+\b", re.IGNORECASE),
    "a note to oneself": re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b"),
}
LONGEST_FILE = 2_000_000


def find_forbidden(root: Path) -> list[str]:
    """Every line with such a word, as `path:line: what`."""
    return [breach for path in list_files(root) for breach in read_breaches(path, root)]


def list_files(root: Path) -> list[Path]:
    """The files that git tracks or would add; all files where there is no git repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        return sorted(path for path in root.rglob("*") if path.is_file() and ".venv" not in path.parts)
    return [path for name in listed.stdout.split("\0") if name and (path := root / name).is_file()]


def read_breaches(path: Path, root: Path) -> Iterator[str]:
    """The breaches of one file; a file that is not text, or a very large one, has none."""
    if path.stat().st_size > LONGEST_FILE:
        return
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return
    for number, line in enumerate(lines, start=1):
        for what, pattern in FORBIDDEN.items():
            if pattern.search(line):
                yield f"{path.relative_to(root)}:{number}: speaks of {what}: {line.strip()[:120]}"
