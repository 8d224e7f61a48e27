"""Concerns: the signs as codes, when they are severe, and how a concern moves from raised to answered. Pure; never a person's words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import Refused, refuse
from shared.events import Event
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernRead, ConcernSigned, Severity

Depth = Literal["mild", "deep", "safeguarding"]
Worldview = Literal["yes", "no", "not-known"]
Measure = Literal["talked", "support-offered", "self-guided-plan", "referred", "no-action-needed", "other"]
SignCode = Literal[
    "mood-swings",
    "lost-interest",
    "changed-way-of-life",
    "apathy",
    "behaviour-to-adults",
    "appearance",
    "grades-fell",
    "home-after-midnight",
    "stopped-attending",
    "reluctant-to-work",
    "only-entertainment",
    "left-group",
    "outcast",
    "recruitment",
]


class Sign(BaseModel):
    """What a sign is: its depth, and the mission row that names it."""

    model_config = ConfigDict(frozen=True)

    depth: Depth
    source: str


SIGNS: Mapping[str, Sign] = {
    "mood-swings": Sign(depth="mild", source="000-08"),
    "lost-interest": Sign(depth="mild", source="000-08"),
    "changed-way-of-life": Sign(depth="mild", source="000-08"),
    "apathy": Sign(depth="mild", source="000-08"),
    "behaviour-to-adults": Sign(depth="deep", source="000-11"),
    "appearance": Sign(depth="deep", source="000-11"),
    "grades-fell": Sign(depth="deep", source="000-12"),
    "home-after-midnight": Sign(depth="deep", source="000-12"),
    "stopped-attending": Sign(depth="deep", source="000-13"),
    "reluctant-to-work": Sign(depth="deep", source="000-13"),
    "only-entertainment": Sign(depth="deep", source="000-13"),
    "left-group": Sign(depth="deep", source="000-14"),
    "outcast": Sign(depth="deep", source="000-14"),
    "recruitment": Sign(depth="safeguarding", source="000-15"),
}


class SeenSign(BaseModel):
    """A sign as someone saw it: a change from before to now. `group`: whether the group left is one of risk (000-14)."""

    model_config = ConfigDict(frozen=True)

    sign: SignCode
    before: str | None = None
    now: str | None = None
    group: Literal["risk", "non-risk"] | None = None

    @property
    def is_achievement(self) -> bool:
        """Leaving a group of risk is no sign of harm. Source: mission row 000-14."""
        return self.sign == "left-group" and self.group == "risk"


@dataclass(frozen=True)
class Reader:
    """Who reads what others report: an organisation of a family, and who is on duty for `regions`."""

    organisation_id: UUID | None
    regions: tuple[str, ...]


class Concern(BaseModel):
    """A sign reported from the micro level. `person_id` says whose family reads it; only a `linked` one is told to other services.

    `region`: where it was seen; None: not known. `is_reached`: whether this reader is shown what it says.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    concern_id: UUID
    person_id: UUID | None
    linked: bool
    raised_by: str
    raised_by_organisation_id: UUID | None
    raised_at: datetime
    severity: Severity
    signs: tuple[SeenSign, ...]
    description: str | None
    worldview: Worldview
    read_at: datetime | None = None
    answered_at: datetime | None = None
    measure: Measure | None = None
    note: str | None = None
    escalated_at: datetime | None = None
    region: str | None = None
    is_reached: bool = False


def must_be_raisable(signs: Iterable[SeenSign], description: str | None) -> None:
    """Raises Refused("concern-not-raisable"). A deep sign is a change, so before and now belong to it. Source: mission rows 000-11..14."""
    seen = tuple(signs)
    refuse(
        "concern-not-raisable",
        {
            "a-sign-or-a-description": not seen and not description,
            "each-sign-once": len({s.sign for s in seen}) < len(seen),
            "before-and-now": any(SIGNS[s.sign].depth == "deep" and not (s.before and s.now) for s in seen),
            "group-of-risk-or-not": any(s.sign == "left-group" and s.group is None for s in seen),
        },
    )


def severity_of(signs: Iterable[SeenSign], worldview: Worldview) -> Severity:
    """Severe when a deep sign was seen that is no achievement and that no change of worldview explains; recruitment always.

    It orders what a person reads first and decides nothing else. Source: mission rows 000-08, 000-09, 000-11..15.
    """
    depths = {SIGNS[s.sign].depth for s in signs if not s.is_achievement}
    return "severe" if "safeguarding" in depths or ("deep" in depths and worldview != "yes") else "mild"


def raised(concern: Concern) -> list[Event]:
    """What other services are told: ids and codes of a linked one, nothing of any other. Source: OUR-05."""
    if not concern.linked or concern.person_id is None:
        return []
    about = {"person_id": concern.person_id, "concern_id": concern.concern_id}
    facts: list[Event] = [ConcernRaised(**about, severity=concern.severity)]
    if concern.signs:
        facts.append(ConcernSigned(**about, signs=tuple(s.sign for s in concern.signs)))
    return facts


def duties(named: Mapping[str, UUID], reader: Reader) -> tuple[str, ...]:
    """The regions for which somebody reads what reaches no family: the ones it holds, and those that name its organisation."""
    return tuple(sorted({*reader.regions, *(r for r, organisation_id in named.items() if organisation_id == reader.organisation_id)}))


def read(concern: Concern, now: datetime) -> tuple[Concern, list[Event]]:
    """The first reading counts; its time is shown to whoever raised the concern. Source: OUR-05."""
    if concern.read_at:
        return concern, []
    return concern.model_copy(update={"read_at": now}), _fact(concern, ConcernRead)


def answered(concern: Concern, measure: Measure, note: str | None, now: datetime) -> tuple[Concern, list[Event]]:
    """Raises Refused("concern-already-answered"). Answering reads it too. A mild case may be a self-guided plan (000-65)."""
    if concern.answered_at:
        raise Refused("concern-already-answered")
    concern, facts = read(concern, now)
    done = concern.model_copy(update={"answered_at": now, "measure": measure, "note": note})
    return done, [*facts, *_fact(concern, ConcernAnswered)]


def escalated(concern: Concern, now: datetime) -> tuple[Concern, list[Event]]:
    """Unanswered past its clock: "the mild form may turn into a severe one". Source: mission row 000-10."""
    if concern.answered_at or concern.escalated_at:
        return concern, []
    return concern.model_copy(update={"escalated_at": now}), _fact(concern, ConcernEscalated)


def _fact(concern: Concern, kind: type[ConcernRead] | type[ConcernAnswered] | type[ConcernEscalated]) -> list[Event]:
    if not concern.linked or concern.person_id is None:
        return []
    return [kind(person_id=concern.person_id, concern_id=concern.concern_id)]
