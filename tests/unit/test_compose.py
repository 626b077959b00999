"""The Compose file is valid, contains no secret, and starts the services that it names."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from check_jsonschema.builtin_schemas import get_builtin_schema

from concord.errors import ConfigurationError
from concord.installed import PRODUCT
from tests.local.compose import fill

COMPOSE = PRODUCT / "docker-compose.yaml"
DOCKERFILE = PRODUCT / "Dockerfile"
OURS = {"init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}


@pytest.fixture
def compose() -> dict[str, Any]:
    content = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def faults(content: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(get_builtin_schema("vendor.compose-spec"))
    return [error.message for error in validator.iter_errors(content)]


def test_the_file_fits_the_schema(compose: dict[str, Any]) -> None:
    assert faults(compose) == []


@pytest.mark.parametrize(
    ("service", "key"),
    [("worker", "comand"), ("postgres", "enviroment"), ("redis", "helthcheck")],
)
def test_a_misspelt_key_is_found(compose: dict[str, Any], service: str, key: str) -> None:
    compose["services"][service][key] = "x"
    assert any(key in fault for fault in faults(compose))


def test_every_part_of_an_installation_is_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == OURS | {"postgres", "redis"}


def test_every_lasting_service_reports_its_health(compose: dict[str, Any]) -> None:
    lasting = {name: service for name, service in compose["services"].items() if name != "init"}
    assert [name for name, service in lasting.items() if "test" not in service.get("healthcheck", {})] == []


def test_all_services_of_ours_wait_for_the_migrated_databases(compose: dict[str, Any]) -> None:
    waiting = {name: compose["services"][name]["depends_on"] for name in OURS - {"init"}}
    assert {name: needs["init"]["condition"] for name, needs in waiting.items()} == dict.fromkeys(
        OURS - {"init"}, "service_completed_successfully"
    )


def test_every_volume_that_is_used_is_declared(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", [])
    }
    assert used - {"${CONCORD_PROJECT"} == set(compose["volumes"]), "a project is a folder of the machine"


def test_every_secret_must_be_given_and_says_how() -> None:
    text = COMPOSE.read_text(encoding="utf-8")
    secrets = set(re.findall(r"\$\{(CONCORD_\w*(?:PASSWORD|KEY|SECRET))\b", text))
    explained = set(re.findall(r"\$\{(CONCORD_\w+):\?set it in \.env to ", text))
    assert secrets == explained
    assert len(secrets) == 6


def test_a_missing_secret_stops_with_how_to_make_it(compose: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"^CONCORD_FERNET_KEY is missing: set it in \.env to "):
        fill(compose, {})


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A:-x}/${B:-y}", "1/y"),
        ("${B:-db://${A}@host}", "db://1@host"),
        ("$${A} $$(date)", "${A} $(date)"),
        ("${B:-}${B}", ""),
        ("${A:+x}${B:+y}", "x"),
    ],
    ids=["default", "nested", "escaped", "empty", "where set"],
)
def test_variables_are_filled_in_as_compose_does(text: str, filled: str) -> None:
    assert fill({"key": [text]}, {"A": "1"}) == {"key": [filled]}


def test_no_service_publishes_more_than_the_user_interface(compose: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"api-server": ["${CONCORD_BIND:-127.0.0.1:8080}:8080"]}


def test_the_image_is_made_of_the_pinned_packages_and_is_not_root() -> None:
    lines = DOCKERFILE.read_text(encoding="utf-8").splitlines()
    assert "COPY concord requirements-bootstrap.txt requirements.txt ./" in lines
    assert [line for line in lines if line.startswith("USER ")] == ["USER concord"]
    assert [line for line in lines if re.search(r"pip install|curl |wget ", line)] == []


def test_the_packages_of_the_image_are_pinned_with_hashes() -> None:
    pins = [
        line for line in (PRODUCT / "requirements.txt").read_text().splitlines() if re.match(r"[A-Za-z0-9]", line)
    ]
    assert len(pins) > 100
    assert [pin for pin in pins if not re.match(r"[\w.\[\],-]+==\S+ .*\\$", pin)] == []


def test_what_the_image_copies_exists() -> None:
    for line in DOCKERFILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            assert all(Path(PRODUCT, name).exists() for name in line.split()[1:-1]), line
