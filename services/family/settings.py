"""Family's own settings with labelled defaults. No source names a term in days; each is a decision a country may change."""

from functools import lru_cache

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Field names in capitals are the environment's names."""

    smtp_host: str = Field(default="127.0.0.1", description="The mail server that messages are handed to")
    smtp_port: int = Field(default=1025, ge=1, le=65535)
    smtp_timeout_s: float = Field(
        default=15.0, gt=0, le=20, description="Of connecting and of handing over each: together below a claim's 60 s"
    )
    mail_from: str = Field(default="no-reply@throughcare.invalid", description="Sender address; names no clinic and no programme")
    concern_working_days: int = Field(
        default=5, ge=1, le=60, description="An unanswered concern escalates after these (mission row 000-10)"
    )
    prompt_every_days: int = Field(default=30, ge=1, le=365, description="Contacts are prompted during stage 5 at this interval (002-24)")


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()
