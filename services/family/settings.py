"""Family's own settings with labelled defaults. No source names a term in days; each is a decision a country may change."""

from functools import lru_cache

from pydantic import Field

from services.family.channel.service import ChannelSettings


class Settings(ChannelSettings):
    """Field names in capitals are the environment's names; each channel brings its own."""

    concern_working_days: int = Field(
        default=5, ge=1, le=60, description="An unanswered concern escalates after these (mission row 000-10)"
    )
    prompt_every_days: int = Field(
        default=30, ge=1, le=365, description="Contacts are prompted at this interval while a stage asks for support (002-24)"
    )


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()
