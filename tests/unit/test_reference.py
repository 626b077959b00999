"""The reference says what the docstrings say, leaves nothing out, and shows a declaration in each chapter."""

from importlib import import_module

import pytest

from concord.installed import PRODUCT
from concord.protocols import graphql, rest
from tools.reference import CHAPTERS, PAGE, write_page

NAMES = [(module, name) for chapter in CHAPTERS for module, names in chapter.names for name in names]


def test_the_page_is_what_the_docstrings_say() -> None:
    says = "docs/reference.md is out of date; run .venv/bin/python -m tools.reference"
    assert PAGE.read_text(encoding="utf-8") == write_page(), says


def test_everything_that_is_named_says_what_it_is() -> None:
    assert len(NAMES) > 80
    found = {(module, name): getattr(import_module(f"concord.{module}"), name) for module, name in NAMES}
    assert [key for key, thing in found.items() if not thing.__doc__] == []


@pytest.mark.parametrize("package", [rest, graphql], ids=["rest", "graphql"])
def test_no_class_that_a_declaration_can_name_is_left_out(package: object) -> None:
    said = {name for _, name in NAMES}
    assert set(package.__all__) - said <= {"Pager", "Precondition"}  # type: ignore[attr-defined]  # both have it


def test_each_protocol_has_a_chapter() -> None:
    folders = {path.name for path in (PRODUCT / "plugins/concord/protocols").iterdir() if path.is_dir()}
    shown = {module.split(".")[1] for module, _ in NAMES if module.startswith("protocols.")}
    assert folders - {"__pycache__"} - shown == set()


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)
def test_each_chapter_names_files_that_use_what_it_describes(chapter: object) -> None:
    texts = [(PRODUCT / path).read_text(encoding="utf-8") for path in chapter.examples]  # type: ignore[attr-defined]
    names = [name for _, group in chapter.names for name in group]  # type: ignore[attr-defined]
    assert texts
    assert all(not names or any(name in text for name in names) for text in texts)
