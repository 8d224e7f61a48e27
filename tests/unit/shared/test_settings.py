"""What a service refuses to be told. Source: privacy section 2."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import ServiceSettings


@pytest.mark.parametrize(
    "values",
    [
        {"issuer": "http://issuer.example"},
        {"issuer": "https://127.0.0.1:8443"},
        {"issuer": "https://127.8.9.1"},
        {"issuer": "https://localhost"},
        {"issuer": "https://LOCALHOST:8443/realm"},
        {"issuer": "https://[::1]:8443/realm"},
        {"issuer": "https://user@localhost/realm"},
        {"issuer": "issuer.example"},
        {"issuer": ""},
        {"dev_issuer": True, "http_host": "0.0.0.0"},
        {"dev_issuer": True, "http_host": "::"},
        {"dev_issuer": True, "http_host": "10.0.0.1"},
        {"dev_issuer": "perhaps"},
        {"http_port": "no port"},
        {"may_consent": {"minor": ("guardian",)}},
        {"may_consent": {"minor": (), "adult": ("person",)}},
        {"may_consent": {"minor": ("mother",), "adult": ("person",)}},
    ],
)
def test_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(**values)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"issuer": "https://issuer.example/realms/throughcare"},
        {"issuer": "https://localhost.example"},
        {"dev_issuer": True, "issuer": "http://127.0.0.1:8100"},
        {"dev_issuer": True, "http_host": "::1"},
        {"http_host": "0.0.0.0", "issuer": "https://issuer.example"},
    ],
)
def test_accepted(values: dict[str, object]) -> None:
    settings = ServiceSettings(**values)
    assert {name: getattr(settings, name) for name in values} == values


def test_environment_and_secret_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "api_database_url").write_text("postgresql://from-a-file")
    (tmp_path / "worker_database_url").write_text("postgresql://from-a-file")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("WORKER_DATABASE_URL", "postgresql://from-the-environment")
    monkeypatch.setenv("MAX_REQUESTS", "7")
    settings = ServiceSettings()
    assert settings.api_database_url == "postgresql://from-a-file"
    assert settings.worker_database_url == "postgresql://from-the-environment"
    assert settings.max_requests == 7
