"""Referral's own settings with labelled defaults. What all services share is in `shared/settings.py`."""

from functools import lru_cache

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """No source names a deadline in days: these defaults are ours. Source: mission rows, "Deadlines"."""

    answer_working_days: int = Field(default=5, ge=1, le=250, description="An organisation answers a referral within these")
    handover_limit_days: int = Field(default=21, ge=1, le=365, description="A journey's referral is started within these (OUR-01)")
    enquiry_working_days: int = Field(default=5, ge=1, le=250, description="A question or suggestion is answered within these")
    majority_age: int = Field(default=18, ge=1, le=30, description="Full years at which a person decides alone (000-24)")
    refuse_without_position: bool = Field(default=False, description="No referral to who has not confirmed the common position (002-40)")


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()
