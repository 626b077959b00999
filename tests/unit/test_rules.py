"""Rules files are read in one way by all that ask them, and a file that cannot be used is named with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from concord.errors import ConfigurationError
from concord.rules import list_own_rules, read_rules, read_rules_file

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a rules file of a project, which is the project in use."""
    (tmp_path / "concord.toml").write_text("[systems.shopify]\n[systems.tryton]\n[profiles.test]\n")
    (tmp_path / "rules").mkdir()
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))

    def write_rules(content: bytes, name: str = "tolerances") -> Path:
        file = tmp_path / "rules" / f"{name}.csv"
        file.write_bytes(content)
        return file

    return write_rules


def test_without_rules_of_the_project_concords_own_hold(write: Write) -> None:
    own = read_rules_file(list_own_rules()["tolerances"])
    assert own.rows
    assert read_rules("tolerances") == own.rows


def test_a_file_of_the_profile_goes_before_that_of_the_project(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = ",".join(read_rules_file(list_own_rules()["tolerances"]).columns)
    write(f"\ufeff{header}\r\n{'usual,' * header.count(',')}x\r\n".encode())
    write(f"{header}\n{'tested,' * header.count(',')}x\n".encode(), "tolerances.test")
    assert [row["entity"] for row in read_rules("tolerances")] == ["usual"]
    monkeypatch.setenv("CONCORD_PROFILE", "test")
    assert [row["entity"] for row in read_rules("tolerances")] == ["tested"]


def test_a_file_of_an_older_concord_may_lack_a_column(write: Write) -> None:
    write(b"entity,system,is_creation_wanted,note\ncustomer,crm,false,\n", "flows")
    assert read_rules("flows") == [
        {"entity": "customer", "system": "crm", "is_creation_wanted": "false", "note": ""}
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda own: own.replace(b",", b";"), ", line 1: the columns are entity;field"),
        (lambda own: own + b"product,price\n", ": this row has not as many cells as the header"),
        (
            lambda own: own + "customer,größe,1,x\n".encode("cp1252"),
            " is no text in UTF-8; save it as CSV in UTF-8",
        ),
        (lambda own: own.decode().encode("utf-16"), " is no text in UTF-8; save it as CSV in UTF-8"),
    ],
    ids=["semicolons", "short row", "windows-1252", "utf-16"],
)
def test_a_file_that_cannot_be_used_is_named(write: Write, change: Callable[[bytes], bytes], said: str) -> None:
    file = write(change(list_own_rules()["tolerances"].read_bytes()))
    with pytest.raises(ConfigurationError) as caught:
        read_rules("tolerances")
    assert caught.value.message.startswith(str(file))
    assert said in caught.value.message
