"""The values for Airflow's Helm chart give what the Compose file gives, and contain no secret."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from concord.installed import PRODUCT
from tests.local.compose import draw_secrets, fill

SECRETS = draw_secrets()
# Where the chart takes from what the Compose file says as a variable of the environment.
CHART = {
    "AIRFLOW__CORE__EXECUTOR": "executor",
    "AIRFLOW__CORE__FERNET_KEY": "fernetKeySecretName",
    "AIRFLOW__API__SECRET_KEY": "apiSecretKeySecretName",
    "AIRFLOW__API_AUTH__JWT_SECRET": "jwtSecretName",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "data.metadataSecretName",
    "AIRFLOW__CELERY__RESULT_BACKEND": "data.resultBackendSecretName",
    "AIRFLOW__CELERY__BROKER_URL": "data.brokerUrlSecretName",
}
MADE_BY_THE_CHART = {"AIRFLOW__CORE__EXECUTION_API_SERVER_URL"}
SECRET_WORD = re.compile(r"password|secret|fernet|credential|token", re.IGNORECASE)


@pytest.fixture
def values() -> dict[str, Any]:
    content = yaml.safe_load((PRODUCT / "deploy/kubernetes/values.yaml").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


@pytest.fixture
def compose() -> dict[str, Any]:
    content = yaml.safe_load((PRODUCT / "docker-compose.yaml").read_text(encoding="utf-8"))
    filled = fill(content, {**SECRETS, "CONCORD_PROJECT": "acme"})
    assert isinstance(filled, dict)
    return filled


def look_up(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for name in path.split("."):
        found = found.get(name, {})
    return found


def differences(values: Mapping[str, Any], compose: Mapping[str, Any]) -> dict[str, str]:
    """The variables that the two files say differently, each with what is wrong."""
    wanted = compose["x-airflow"]["environment"]
    plain = {item["name"]: item["value"] for item in values["env"]}
    secret = {item["envName"] for item in values["secret"]}
    wrong = dict.fromkeys(plain.keys() - wanted.keys(), "is not in the Compose file")
    for name in wanted.keys() - MADE_BY_THE_CHART - secret:
        if name in CHART:
            if not look_up(values, CHART[name]):
                wrong[name] = f"has no {CHART[name]}"
        elif plain.get(name) != wanted[name]:
            wrong[name] = f"is {plain.get(name)!r} and not {wanted[name]!r}"
    return wrong


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of the file with the keys that lead to it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, path)
    else:
        yield path, str(value)


def exposed(values: Mapping[str, Any]) -> list[str]:
    """The keys under which a secret stands itself, where its name should."""
    of_secrets = re.compile(r"SecretName$|\.secret(Name|Key)$|\.secretKeyRef\.\w+$|\.envName$")
    return [
        path
        for path, text in leaves(values)
        if (SECRET_WORD.search(path) and not of_secrets.search(path))
        or re.search(r"://[^/\s]*:[^/\s]+@", text)
        or re.search(r"password[= ]+[\"']?(?!\"\$\{)\w", text)
    ]


def test_every_variable_of_the_compose_file_is_given(values: dict[str, Any], compose: dict[str, Any]) -> None:
    assert len(compose["x-airflow"]["environment"]) > 15
    assert differences(values, compose) == {}


@pytest.mark.parametrize(
    "name", ["AIRFLOW__API__BASE_URL", "CONCORD_WAREHOUSE_URL", "AIRFLOW__CELERY__BROKER_URL"]
)
def test_a_variable_that_only_one_file_has_is_found(
    name: str, values: dict[str, Any], compose: dict[str, Any]
) -> None:
    values["env"] = [item for item in values["env"] if item["name"] != name]
    values["secret"] = [item for item in values["secret"] if item["envName"] != name]
    if name in CHART:
        del values["data"]["brokerUrlSecretName"]
    assert list(differences(values, compose)) == [name]


def test_secrets_are_named_and_not_given(values: dict[str, Any]) -> None:
    assert exposed(values) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("redis.password", "hunter2"),
        ("data.metadataConnection", "postgresql://concord:hunter2@db/airflow"),
        ("migrateDatabaseJob.args", "airflow users create --password hunter2"),
    ],
)
def test_a_secret_in_the_file_is_found(path: str, text: str, values: dict[str, Any]) -> None:
    section, key = path.split(".")
    values[section][key] = text
    assert exposed(values) == [f".{path}"]


def test_the_databases_are_prepared_by_the_same_commands(values: dict[str, Any], compose: dict[str, Any]) -> None:
    job, init = values["migrateDatabaseJob"], compose["services"]["init"]
    assert job["args"] == init["command"]
    own = init["environment"].keys() - compose["x-airflow"]["environment"].keys()
    assert {item["name"] for item in job["env"]} == own == {"CONCORD_ADMIN_PASSWORD"}
    assert values["createUserJob"] == {"enabled": False}


def test_what_containers_share_is_mounted(values: dict[str, Any], compose: dict[str, Any]) -> None:
    mounted = {volume.split(":")[1] for volume in compose["x-airflow"]["volumes"]}
    given = {item["mountPath"] for item in values["volumeMounts"]}
    assert values["logs"]["persistence"]["enabled"] is True
    assert given | {"/opt/airflow/logs", "/project"} == mounted
    assert {item["name"] for item in values["volumes"]} == {item["name"] for item in values["volumeMounts"]}


def test_the_connections_come_from_a_secret_that_may_be_missing(
    values: dict[str, Any], compose: dict[str, Any]
) -> None:
    assert compose["x-airflow"]["env_file"] == [{"path": "connections.env", "required": False}]
    assert yaml.safe_load(values["extraEnvFrom"]) == [
        {"secretRef": {"name": "concord-connections", "optional": True}}
    ]


def test_a_worker_has_as_long_to_end_its_tasks(values: dict[str, Any], compose: dict[str, Any]) -> None:
    assert compose["services"]["worker"]["stop_grace_period"] == "5m"
    assert values["workers"]["celery"]["terminationGracePeriodSeconds"] == 5 * 60


def test_every_service_is_the_charts_or_said_to_be_a_server_of_its_own(
    values: dict[str, Any], compose: dict[str, Any]
) -> None:
    parts = {"api-server", "scheduler", "dag-processor", "triggerer"}  # which the chart starts by itself
    others = {"init", "worker", "redis", "postgres"}
    assert set(compose["services"]) == parts | others
    assert (values["redis"]["enabled"], values["postgresql"]["enabled"]) == (True, False)


def test_image_and_airflow_are_those_of_the_product(values: dict[str, Any]) -> None:
    packages = tomllib.loads((PRODUCT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert f"apache-airflow=={values['airflowVersion']}" in packages
    dockerfile = (PRODUCT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"--[ug]id (\d+)", dockerfile) == [str(values["uid"]), str(values["gid"])]
