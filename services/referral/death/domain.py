"""A death is reported by one person and confirmed by a second one. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from shared.errors import refuse


class Said(NamedTuple):
    """What is said of a death. `imported`: history that needs no confirmation. `reason`: why a day far back is right."""

    on: date
    imported: bool = False
    reason: str | None = None


def check_report(said: Said, dates: Mapping[str, bool], is_unlikely: bool, is_history: bool) -> None:
    """Raises Refused("death-not-possible"). `dates`: what is wrong with the day. `is_history`: a system brings the record of a person
    whose journey it brought. Source: issue of rights, section 4."""
    refuse(
        "death-not-possible",
        {**dates, "reason": is_unlikely and said.reason is None, "imported-by-a-system": said.imported and not is_history},
    )


def check_confirmation(reported_by: UUID | None, confirming: UUID) -> None:
    """Both are fingerprints of a `sub`. `reported_by` None: an older event told it. Raises Refused("death-not-confirmable")."""
    refuse("death-not-confirmable", {"confirmed-by-another": reported_by == confirming})
