"""Settings of the monitoring service: the clocks that no source names in days, with labelled defaults."""

from functools import lru_cache

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Defaults: mission rows, "Deadlines"."""

    handover_limit_days: int = Field(21, ge=1, le=365)
    """Not started after so many days: lost. Before: waiting."""
    acknowledge_working_days: int = Field(10, ge=1, le=250)
    implement_days: int = Field(90, ge=1, le=3650)


@lru_cache
def settings() -> Settings:
    return Settings()
