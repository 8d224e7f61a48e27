"""What one region still owes of an instruction. Pure: no clock, no database."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse

What = Literal["acknowledgement", "implementation"]


class Correction(BaseModel):
    """What a region said by mistake and took back."""

    what: What
    said_at: datetime
    evidence: str | None
    taken_back_at: datetime
    reason: str


class Addressed(BaseModel):
    """One region's part of an instruction: due, done, or noted as overdue when its time ran out. Source: mission row 002-13."""

    model_config = ConfigDict(frozen=True)

    addressed_id: UUID
    instruction_id: UUID
    region: str
    acknowledgement_due_at: datetime
    acknowledged_at: datetime | None = None
    acknowledgement_overdue_at: datetime | None = None
    implementation_due_at: datetime
    implemented_at: datetime | None = None
    implementation_overdue_at: datetime | None = None
    evidence: str | None = None
    closed: bool = False

    @property
    def overdue(self) -> list[str]:
        """What is missing past its time."""
        late = {
            "acknowledgement": self.acknowledgement_overdue_at is not None and self.acknowledged_at is None,
            "implementation": self.implementation_overdue_at is not None and self.implemented_at is None,
        }
        return [name for name, missing in late.items() if missing]


def check_issue(due_on: date, today: date, regions: tuple[str, ...]) -> None:
    """Raises Refused("instruction-not-issuable")."""
    refuse("instruction-not-issuable", {"due-not-in-the-past": due_on < today, "regions-named-once": len(set(regions)) < len(regions)})


def acknowledge(part: Addressed, now: datetime) -> Addressed:
    """Said again it stays as it was. Raises Refused("not-acknowledgeable")."""
    refuse("not-acknowledgeable", {"instruction-open": part.closed and part.acknowledged_at is None})
    return part.model_copy(update={"acknowledged_at": part.acknowledged_at or now})


def implement(part: Addressed, evidence: str, now: datetime) -> Addressed:
    """The newest evidence counts, the first time stays. Raises Refused("not-implementable") naming every unmet requirement."""
    refuse("not-implementable", {"instruction-open": part.closed, "acknowledged": part.acknowledged_at is None})
    return part.model_copy(update={"implemented_at": part.implemented_at or now, "evidence": evidence})


def take_back(part: Addressed, what: What) -> Addressed:
    """It was said by mistake: as if it had not been. Raises Refused("not-correctable") while what stands on it was not corrected."""
    implemented = what == "acknowledgement" and part.implemented_at is not None
    refuse("not-correctable", {"implementation-corrected": implemented})
    said = {"acknowledged_at": None} if what == "acknowledgement" else {"implemented_at": None, "evidence": None}
    return part.model_copy(update=said)


def mark_overdue(part: Addressed, what: str, now: datetime) -> Addressed:
    """Note that `what` (acknowledgement, implementation) did not come in time; nothing if it did or the instruction was closed."""
    done = part.acknowledged_at if what == "acknowledgement" else part.implemented_at
    if done or part.closed:
        return part
    return part.model_copy(update={f"{what}_overdue_at": now})


def acknowledgement_outcome(part: Addressed) -> str:
    """How the asked region answered. Source: mission row 002-22."""
    if part.acknowledged_at:
        return "in-time" if part.acknowledged_at <= part.acknowledgement_due_at else "late"
    return "unanswered" if part.acknowledgement_overdue_at else "withdrawn" if part.closed else "waiting"


def covers(regions: tuple[str, ...], region: str) -> bool:
    """Whether one of `regions` is this region or has it below it."""
    return any(region == held or region.startswith(f"{held}-") for held in regions)
