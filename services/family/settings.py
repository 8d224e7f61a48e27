"""Family's own settings with labelled defaults. No source names a term in days; each is a decision a country may change."""

from functools import lru_cache
from uuid import UUID

from pydantic import Field

from services.family.channel.service import ChannelSettings
from shared.web import Region


class Settings(ChannelSettings):
    """Field names in capitals are the environment's names; each channel brings its own."""

    concern_working_days: int = Field(
        default=5, ge=1, le=60, description="An unanswered concern escalates after these (mission row 000-10)"
    )
    concern_duty: dict[Region, UUID] = Field(
        default={},
        description="By region the organisation on duty: it reads concerns that reach no family's own",
    )
    prompt_every_days: int = Field(
        default=30, ge=1, le=365, description="Contacts are prompted at this interval while a stage asks for support (002-24)"
    )


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()
