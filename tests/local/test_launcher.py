"""The launcher makes its environment once, makes it again after an interruption, and says what it lacks."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from concord.installed import PRODUCT

PACKAGE = "iniconfig"
CLI = "import sys, iniconfig, sandbox\nprint('arguments:', *sys.argv[1:])\n"


def pinned(package: str) -> str:
    """The hashed pin of one small package, as it stands in the requirements of the tests."""
    text = (PRODUCT / "tests" / "requirements.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{package}==.*?(?=^\S)", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return "\n".join(line for line in found.group().splitlines() if not line.strip().startswith("#")) + "\n"


def run(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(root / "concord"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**os.environ, **environment},
    )


def remove_package(root: Path) -> None:
    for folder in next((root / ".venv" / "lib").glob("python*/site-packages")).glob(f"{PACKAGE}*"):
        shutil.rmtree(folder)


@pytest.fixture
def root(repository: Path) -> Path:
    """The repository in miniature as a finished installation, whatever the test before did to it."""
    assert run(repository, "hello").stdout == "arguments: hello\n"
    return repository


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository in miniature, in a folder with a space in its name, installed once."""
    root = tmp_path_factory.mktemp("a repository")
    for name in ("concord", "requirements-bootstrap.txt"):
        shutil.copy(PRODUCT / name, root)
    (root / "requirements.txt").write_text(pinned(PACKAGE), encoding="utf-8")
    (root / "sandbox").mkdir()
    (root / "plugins" / "concord").mkdir(parents=True)
    (root / "plugins" / "concord" / "cli.py").write_text(CLI, encoding="utf-8")
    first = run(root, "hello", "two words")
    assert first.stdout == "arguments: hello two words\n", first.stderr
    assert "Installing Concord's Python packages" in first.stderr
    return root


def test_a_second_run_installs_nothing(root: Path) -> None:
    again = run(root, "hello")
    assert (again.stdout, again.stderr) == ("arguments: hello\n", "")


def test_a_link_to_the_launcher_finds_its_repository(root: Path, tmp_path: Path) -> None:
    (tmp_path / "concord").symlink_to(root / "concord")
    assert run(tmp_path, "hello").stdout == "arguments: hello\n"


def test_changed_requirements_are_installed(root: Path) -> None:
    text = (root / "requirements.txt").read_text(encoding="utf-8")
    (root / "requirements.txt").write_text(f"{text}# changed\n", encoding="utf-8")
    changed = run(root, "hello")
    assert changed.stdout == "arguments: hello\n"
    assert "Installing" in changed.stderr
    assert run(root, "hello").stderr == ""


def test_an_interrupted_installation_is_made_again(root: Path) -> None:
    (root / ".venv" / ".made").unlink()
    (root / ".venv" / ".installed").unlink()
    remove_package(root)
    assert run(root, "hello").stdout == "arguments: hello\n"


def test_two_launchers_at_once_wait_for_each_other(root: Path) -> None:
    (root / ".venv" / ".installed").unlink()
    both = [
        subprocess.Popen(
            [str(root / "concord"), "hello"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ends = [process.communicate(timeout=60) for process in both]
    assert [out for out, _ in ends] == ["arguments: hello\n"] * 2
    assert sum("Installing" in err for _, err in ends) == 1


def test_a_wrong_hash_is_refused(root: Path) -> None:
    text = (root / "requirements.txt").read_text(encoding="utf-8")
    (root / "requirements.txt").write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", text), encoding="utf-8")
    try:
        remove_package(root)
        refused = run(root, "hello")
        assert refused.returncode == 1
        assert "the packages could not be installed" in refused.stderr
        assert refused.stdout == ""
    finally:
        (root / "requirements.txt").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("old", ["exit 1", "exit 127"], ids=["too old", "broken"])
def test_without_a_new_enough_python_it_says_so_in_one_sentence(tmp_path: Path, old: str) -> None:
    shutil.copy(PRODUCT / "concord", tmp_path)
    (tmp_path / "requirements.txt").touch()
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\n{old}\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    refused = run(tmp_path, "demo", CONCORD_PYTHON=str(fake).replace(" ", "\\ "))
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        "concord: Concord needs Python 3.11 or newer and found none; install one, or name one in CONCORD_PYTHON."
    )


def test_pip_settings_of_the_machine_reach_the_installer(root: Path) -> None:
    (root / ".venv" / ".installed").unlink()
    remove_package(root)
    nowhere = "http://127.0.0.1:9/simple"
    refused = run(root, "hello", PIP_INDEX_URL=nowhere, PIP_RETRIES="0", UV_NO_CACHE="1", UV_HTTP_RETRIES="0")
    words_of_uv, _, _ = refused.stderr.partition("uv could not install")
    assert nowhere in words_of_uv
