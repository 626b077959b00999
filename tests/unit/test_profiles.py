"""A profile is the same business against other accounts: other connections, approvals and state."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from concord import registry
from concord.cli.main import app
from concord.errors import ConfigurationError
from concord.project import read_project
from concord.settings import Settings, read_calls_per_day, read_home
from concord.stages.reconcile.root_project import dbt_folder
from concord.system_uses import is_applied

TEXT = """
[systems.shopify]
calls_per_day = 5000

[systems.fr]
vendor = "shopify"

[systems.tryton]
connection = "books"

[profiles.test.systems.shopify]
write_back = "plan"
calls_per_day = 100

[profiles.test.systems.tryton]
connection = "spare_books"
"""
POLICY = "system,resource,action,max_changes\n*,*,*,{}\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "concord.toml").write_text(TEXT)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "approval_policy.csv").write_text(POLICY.format(5))
    (tmp_path / "rules" / "approval_policy.test.csv").write_text(POLICY.format(500))
    monkeypatch.setenv("CONCORD_PROJECT", str(tmp_path))
    monkeypatch.setenv("CONCORD_PROFILE", "")
    monkeypatch.delenv("CONCORD_SYSTEMS")
    monkeypatch.delenv("CONCORD_HOME", raising=False)
    return tmp_path


@pytest.fixture
def under_test(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONCORD_PROFILE", "test")
    return project


def connections() -> dict[str, str]:
    return {item.name: item.connection for item in registry.systems()}


def policy_of(project: Path) -> str:
    settings = Settings(warehouse_url="postgresql://nobody@127.0.0.1/nowhere", home=read_home())
    folder = dbt_folder(settings, registry.systems())
    seeds = yaml.safe_load((folder / "dbt_project.yml").read_text())["seeds"]["concord"]
    assert seeds == {"approval_policy": {"+enabled": False}}
    return (folder / "rules" / "approval_policy.csv").read_text()


def test_without_a_profile_the_project_is_as_it_says(project: Path) -> None:
    assert connections() == {"shopify": "shopify_default", "fr": "fr_default", "tryton": "books"}
    assert is_applied("shopify")
    assert read_calls_per_day() == {"shopify": 5000}
    assert read_home() == project / ".concord"
    assert "5\n" in policy_of(project)


def test_a_profile_has_connections_limits_approvals_and_a_state_of_its_own(under_test: Path) -> None:
    assert connections() == {"shopify": "shopify_test", "fr": "fr_test", "tryton": "spare_books"}
    assert (is_applied("shopify"), is_applied("fr")) == (False, True)
    assert read_calls_per_day() == {"shopify": 100}
    assert read_home() == under_test / ".concord-test"
    assert "500\n" in policy_of(under_test)


def test_a_profile_that_is_not_there_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONCORD_PROFILE", "staging")
    with pytest.raises(ConfigurationError, match="has no profile 'staging'; there are test"):
        read_project()


def test_a_profile_is_chosen_on_the_command_line(project: Path) -> None:
    environment = {"CONCORD_PROJECT": "", "CONCORD_SYSTEMS": "", "CONCORD_PROFILE": "", "COLUMNS": "300"}
    said = CliRunner().invoke(app, ["--project", str(project), "--profile", "test", "validate"], env=environment)
    assert "approval_policy.test.csv, line 1: the columns are" in said.output
    alone = CliRunner().invoke(app, ["--profile", "test", "validate"], env=environment)
    assert isinstance(alone.exception, ConfigurationError)
    assert "name its folder with --project DIR" in alone.exception.message


def test_a_profile_of_a_system_that_is_not_in_use_is_told(project: Path) -> None:
    (project / "rules" / "approval_policy.csv").unlink()
    file = project / "concord.toml"
    file.write_text(TEXT + '[profiles.test.systems.shopfy]\nwrite_back = "plan"\n')
    environment = {"CONCORD_PROJECT": "", "CONCORD_SYSTEMS": "", "CONCORD_PROFILE": "", "COLUMNS": "300"}
    said = CliRunner().invoke(app, ["--project", str(project), "validate"], env=environment)
    line = len(file.read_text().splitlines()) - 1
    assert f"{file}, line {line}: shopfy is not in use (did you mean shopify?); take the entry away" in said.output
