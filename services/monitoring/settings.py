"""Settings of the monitoring service: the clocks that no source names in days, with labelled defaults."""

from functools import lru_cache

from pydantic import Field

from services.monitoring.disclosure.domain import THRESHOLD
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Defaults: mission rows, "Deadlines"; standards section 5. The limit of a hand-over is told by referral, which owns it."""

    threshold: int = Field(
        default=THRESHOLD, ge=THRESHOLD, le=1000, description="The least count of persons that is published, beside zero"
    )
    acknowledge_working_days: int = Field(default=10, ge=1, le=250, description="A region acknowledges an instruction within these")
    implement_days: int = Field(default=90, ge=1, le=3650, description="An instruction without a due day is implemented within these")

    def terms(self) -> dict[str, int]:
        """What the definitions of figures speak of."""
        return {name: getattr(self, name) for name in ("threshold", "acknowledge_working_days", "implement_days")}


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()
