"""Airflow imports nothing of our package under a bare name."""

from pathlib import Path

from airflow._shared.module_loading import find_path_from_directory

from concord.installed import PRODUCT

PLUGINS = PRODUCT / "plugins"


def files_airflow_imports(folder: Path) -> set[str]:
    found = (Path(path) for path in find_path_from_directory(str(folder), ".airflowignore", "glob"))
    return {path.relative_to(folder).as_posix() for path in found if path.suffix == ".py"}


def test_airflow_finds_no_file_of_the_package() -> None:
    package = list((PLUGINS / "concord").rglob("*.py"))
    assert len(package) > 10
    assert {name for name in files_airflow_imports(PLUGINS) if name.startswith("concord/")} == set()


def test_without_the_ignore_file_it_would(tmp_path: Path) -> None:
    (tmp_path / "concord").mkdir()
    (tmp_path / "concord" / "errors.py").touch()
    assert files_airflow_imports(tmp_path) == {"concord/errors.py"}
