"""What the environment tells programme; its own fields have labelled defaults."""

from functools import lru_cache

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Programme has none of its own so far."""


@lru_cache
def settings() -> Settings:
    """Read once a process."""
    return Settings()
