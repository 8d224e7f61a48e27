"""What the environment tells programme; its own fields have labelled defaults."""

from functools import lru_cache

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """No source names the days: the default is ours."""

    week_closes_after_days: int = Field(default=14, ge=0, le=365, description="A week without a result is missing so long after its end")
    findings_need_confirmation: bool = Field(default=True, description="False where the law wants a relapse by definition told at once")


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()
