"""What of a stay may be told, which messages told it, and what a correction makes of both. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from services.family.message.domain import DEATH, NOTICES, SUPPORT, Notice
from services.family.stay.domain import Standing
from shared.events.programme import JourneyCompleted, JourneyOpened, RelapseRecorded, StageCompleted, StageLeft, StageStarted
from shared.events.referral import ReferralClosed

Fact = Literal["started", "completed", "left"]

# What is told of a stay that stands so. A death is told by the event of its owner.
HOLDS: Mapping[Standing, tuple[Fact, ...]] = {
    "none": (),
    "open": ("started",),
    "completed": ("started", "completed"),
    "left": ("started", "left"),
    "died": ("started",),
}
TELLS: Mapping[Fact, tuple[Notice, ...]] = {
    "started": (NOTICES[StageStarted], SUPPORT),
    "completed": (NOTICES[StageCompleted],),
    "left": (NOTICES[StageLeft],),
}
"""By which messages a fact of a stay is told: the start by one of the two."""
DIED = (DEATH.kind,)
RELAPSE = NOTICES[RelapseRecorded].kind
COMPLETION = (NOTICES[JourneyCompleted].kind,)
CLOSED = (NOTICES[ReferralClosed].kind,)
REFERRAL = tuple(dict.fromkeys(notice.kind for notice in NOTICES.values() if notice.topic == "referral"))
WHOLE_JOURNEY = (
    NOTICES[JourneyOpened].kind,
    *(notice.kind for notices in TELLS.values() for notice in notices),
    *COMPLETION,
    RELAPSE,
)


@dataclass(frozen=True)
class Told:
    """The messages of these kinds about a journey, one stay of it, one referral, or none of them; `newest`: those of the last fact alone,
    of the one that `spell` counts where that is known.

    `among`: the journeys by which what is told of the person itself may be history.
    """

    person_id: UUID
    journey_id: UUID | None
    kinds: tuple[str, ...]
    stage: int | None = None
    spell: int | None = None
    newest: bool = False
    referral_id: UUID | None = None
    among: tuple[UUID, ...] = ()

    @property
    def subjects(self) -> tuple[UUID, ...]:
        return (*(one for one in (self.journey_id, self.referral_id) if one is not None), *self.among)


def unfounded(after: Standing) -> tuple[str, ...]:
    """The kinds of messages about a stay that say what does not hold; of a stay that never was, its relapses too."""
    kinds = tuple(notice.kind for fact, notices in TELLS.items() if fact not in HOLDS[after] for notice in notices)
    return (*kinds, RELAPSE) if after == "none" else kinds


def news(before: Standing | None, after: Standing, asks_for_support: bool) -> tuple[Notice, ...]:
    """What holds now and did not before. Nothing where it was not known how the stay stood."""
    if before is None:
        return ()
    facts = [fact for fact in HOLDS[after] if fact not in HOLDS[before]]
    return tuple(TELLS[fact][-1 if asks_for_support else 0] for fact in facts)
