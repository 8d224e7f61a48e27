"""docker-compose.yml and the Dockerfile, without an engine: against the compose schema, our settings classes and the tree."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from pydantic_settings import BaseSettings

from deploy.postgres.settings import ProvisionSettings
from deploy.secrets import files, main
from shared.settings import ServiceSettings
from tests.contract.tree import ROOT, SERVICES, tracked

SCHEMA = json.loads((Path(__file__).parent / "compose" / "compose-spec.json").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "throughcare"}
# Read by the classes themselves, before any field.
BESIDE_FIELDS = {"SECRETS_DIR"}
# What an operator would put in for ${...}.
FILLED = {"ISSUER": "https://login.example.org/realms/throughcare", "SMTP_HOST": "mail.example.org", "SMTP_PORT": "25"}


def settings_of(service: dict[str, Any]) -> type[BaseSettings]:
    """The settings class of the program that a container runs."""
    module = service["command"][2]
    if module == "deploy.postgres":
        return ProvisionSettings
    found: type[ServiceSettings] = importlib.import_module(f"{module}.settings").Settings
    return found


def fields_of(settings: type[BaseSettings]) -> set[str]:
    return set(settings.model_fields)


def secrets_of(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The source of each secret and the name of the file it becomes."""
    for secret in service.get("secrets", []):
        yield (secret, secret) if isinstance(secret, str) else (secret["source"], secret["target"])


def errors(document: dict[str, Any]) -> list[str]:
    return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in Draft7Validator(SCHEMA).iter_errors(document)]


def test_it_fits_the_compose_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert errors(COMPOSE) == []


def test_the_schema_finds_a_slip() -> None:
    for slip in ({"imagee": "postgres:18"}, {"image": "postgres:18", "ports": 8000}, {"image": "x", "healthcheck": {"tests": []}}):
        assert errors({"services": {"postgres": slip}})


def test_every_service_has_its_containers() -> None:
    expected = {"postgres", "kafka", "keycloak", "provision"}
    assert set(COMPOSE["services"]) == expected | {f"{name}-{role}" for name in SERVICES for role in ("migrate", "api", "worker")}
    for name in SERVICES:
        for role in ("migrate", "api", "worker"):
            assert OURS[f"{name}-{role}"]["command"] == ["python", "-m", f"services.{name}", role]
    assert COMPOSE["services"]["postgres"]["image"] == "postgres:18"
    assert COMPOSE["services"]["kafka"]["image"] == "apache/kafka:4.3.1"


@pytest.mark.parametrize("name", OURS)
def test_every_environment_name_exists_in_the_settings(name: str) -> None:
    service = OURS[name]
    fields = fields_of(settings_of(service))
    assert {key.lower() for key in set(service["environment"]) - BESIDE_FIELDS} <= fields
    assert {target for _, target in secrets_of(service)} <= fields
    assert all(key == key.upper() for key in service["environment"])


@pytest.mark.parametrize("name", [name for name in OURS if name != "provision"])
def test_the_values_make_settings_that_load(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in OURS[name]["environment"].items():
        monkeypatch.setenv(key, re.sub(r"\$\{(\w+):[-?][^}]*\}", lambda found: FILLED[found[1]], str(value)))
    monkeypatch.delenv("SECRETS_DIR")
    loaded = settings_of(OURS[name])()
    assert isinstance(loaded, ServiceSettings)
    assert not loaded.dev_issuer


def test_a_container_has_only_its_own_login() -> None:
    """Source: privacy section 3: three logins a service, the owner for `migrate` only."""
    for name, service in OURS.items():
        if name == "provision":
            assert {target for _, target in secrets_of(service)} == fields_of(ProvisionSettings)
        else:
            owner, role = name.split("-")
            part = "owner" if role == "migrate" else role
            assert list(secrets_of(service)) == [(f"{owner}_{part}_database_url", f"{part}_database_url")]


def test_every_secret_is_a_file_that_the_command_makes(tmp_path: Path) -> None:
    assert {name: secret["file"] for name, secret in COMPOSE["secrets"].items()} == {name: f"./var/secrets/{name}" for name in files()}
    used = {source for service in COMPOSE["services"].values() for source, _ in secrets_of(service)}
    assert used == set(COMPOSE["secrets"])
    main(tmp_path / "secrets")
    assert {path.name for path in (tmp_path / "secrets").iterdir()} == set(files())
    with pytest.raises(FileExistsError):
        main(tmp_path / "secrets")


def test_nothing_secret_stands_in_the_file() -> None:
    for service in COMPOSE["services"].values():
        for key, value in service.get("environment", {}).items():
            assert not re.search(r"PASSWORD|SECRET|TOKEN", key) or key.endswith(("_FILE", "_DIR")), key
            assert "://" not in str(value) or "@" not in str(value), key


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_container_runs_as_nobody_special_and_tells_how_it_is(name: str) -> None:
    service = COMPOSE["services"][name]
    assert str(service["user"]).split(":")[0] not in ("root", "0")
    assert service["healthcheck"]
    if name in OURS:
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_services_wait_for_every_migration() -> None:
    """A listener reads topics that another service's `migrate` makes."""
    migrations = {f"{name}-migrate" for name in SERVICES}
    for name, service in OURS.items():
        if name.endswith(("-api", "-worker")):
            assert set(service["depends_on"]) == migrations
            assert {wait["condition"] for wait in service["depends_on"].values()} == {"service_completed_successfully"}


def test_the_image_copies_what_exists_and_serves_as_nobody() -> None:
    text = (ROOT / "deploy" / "Dockerfile").read_text()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for source in sources.split():
            assert any(path == Path(source) or Path(source) in path.parents for path in tracked()), source
    assert re.search(r"^USER 10001", text, re.MULTILINE)
    assert "HEALTHCHECK" in text
