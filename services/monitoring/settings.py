"""Settings of the monitoring service: the clocks that no source names in days, with labelled defaults."""

from functools import lru_cache

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Defaults: mission rows, "Deadlines"."""

    handover_limit_days: int = Field(default=21, ge=1, le=365, description="Not started after these: lost; before: waiting")
    acknowledge_working_days: int = Field(default=10, ge=1, le=250, description="A region acknowledges an instruction within these")
    implement_days: int = Field(default=90, ge=1, le=3650, description="An instruction without a due day is implemented within these")


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()
