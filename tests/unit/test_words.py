"""The repository speaks of the product alone."""

from pathlib import Path

import pytest

from concord.installed import PRODUCT
from tools.words import find_forbidden


def test_this_repository_speaks_of_the_product_alone() -> None:
    assert find_forbidden(PRODUCT) == []


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        (("--index", "-url https://example.org/simple"), "a package index"),
        (("https://pypi", ".org/simple"), "a package index"),
        (("see /ho", "me/somebody/notes.txt"), "a path of one machine"),
        (("as asked in iss", "ue 12"), "a diary"),
        (("# TO", "DO later"), "a note to oneself"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_forbidden_word_is_found_with_its_place(tmp_path: Path, parts: tuple[str, str], what: str) -> None:
    (tmp_path / "notes.md").write_text("A line.\n" + "".join(parts) + "\n", encoding="utf-8")
    [breach] = find_forbidden(tmp_path)
    assert breach.startswith(f"notes.md:2: speaks of {what}: ")


def test_files_that_are_not_text_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "picture.bin").write_bytes(b"\xff\xfe\x00TO" + b"DO")
    assert find_forbidden(tmp_path) == []
