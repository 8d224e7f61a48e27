"""What the environment tells a service, read once. A field's name in capitals is its environment name; secrets may be files."""

import os
from ipaddress import ip_address
from typing import Any, Literal, Self, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import points
from shared.events.referral import LifePeriod

Giver = Literal["person", "guardian", "both"]


def is_loopback(host: str) -> bool:
    """Whether a name or address can only mean this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class ServiceSettings(BaseSettings):
    """Shared by the four; a service adds its own fields with labelled defaults.

    SECRETS_DIR names a folder whose files are called like the fields. Raises pydantic's ValidationError for what cannot work.
    """

    model_config = SettingsConfigDict(extra="ignore")

    owner_database_url: str = ""
    api_database_url: str = ""
    worker_database_url: str = ""
    api_pool_size: int = 12
    worker_pool_size: int = 6
    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    kafka_session_timeout_ms: int = 10_000
    kafka_heartbeat_ms: int = 1_000
    kafka_replication: int = 1
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    max_requests: int = 64
    """Requests under way at once; one more is answered 503 with Retry-After at once."""
    issuer: str = "http://127.0.0.1:8100"
    jwks_url: str = ""
    """Where the issuer's keys are; empty: ISSUER + /jwks."""
    signature_algorithm: Literal["Ed25519", "ES256"] = "Ed25519"
    """The one signature algorithm accepted in tokens."""
    audience: str = ""
    throughcare_token: str = ""
    """The access token of who runs an operator's command that needs one."""
    dev_issuer: bool = False
    die_at: str = ""
    """For fault tests: at which named point, and the how many-th time, the process kills itself (`shared/points.py`)."""
    country: str = "UZ"
    """Whose working days count (ISO 3166-1)."""
    time_zone: str = "Asia/Tashkent"
    """Where the organisations' days begin (IANA name): no date that they enter lies after today there."""
    may_consent: dict[LifePeriod, tuple[Giver, ...]] = {"minor": ("guardian", "both"), "adult": ("person",)}
    """Who gives consents and permissions, by the person's life period. Source: mission rows 000-24, 000-25."""
    log_level: str = "INFO"
    otlp_endpoint: str = ""

    def __init__(self, **values: Any) -> None:
        super().__init__(_secrets_dir=os.environ.get("SECRETS_DIR"), **values)

    @model_validator(mode="after")
    def _issuer_is_safe(self) -> Self:
        """Source: privacy section 2."""
        if self.dev_issuer and not is_loopback(self.http_host):
            raise ValueError("with DEV_ISSUER every listener binds loopback")
        issuer = urlsplit(self.issuer)
        safe = issuer.scheme == "https" and issuer.hostname and not is_loopback(issuer.hostname)
        if not self.dev_issuer and "issuer" in self.model_fields_set and not safe:
            raise ValueError("without DEV_ISSUER the issuer is https and not on loopback")
        return self

    @field_validator("may_consent")
    @classmethod
    def _somebody_may_consent(cls, table: dict[LifePeriod, tuple[Giver, ...]]) -> dict[LifePeriod, tuple[Giver, ...]]:
        if set(table) != set(get_args(LifePeriod)) or not all(table.values()):
            raise ValueError("each life period has somebody who may consent")
        return table

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("no time zone of this name")
        return name

    @model_validator(mode="after")
    def _dies_in_tests_only(self) -> Self:
        points.parse(self.die_at)
        if self.die_at and not self.dev_issuer:
            raise ValueError("DIE_AT goes with DEV_ISSUER only")
        return self
