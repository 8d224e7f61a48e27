"""Concerns: the signs as codes, when they are severe, and how a concern moves from raised to answered. Pure; never a person's words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.family.contact.domain import ErrorReason
from shared.errors import Refused, refuse
from shared.events import Event
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernRead, ConcernSigned, ConcernWithdrawn, Severity

Depth = Literal["mild", "deep", "safeguarding"]
Worldview = Literal["yes", "no", "not-known"]
AmendReason = Literal["mistyped", "other-person", "other"]
"""Why an answer should have been another."""
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


class By(NamedTuple):
    """Who does something: a `sub`, and the organisation it acts for; None for a contact."""

    sub: str
    organisation_id: UUID | None


class FormerAnswer(BaseModel):
    """An answer that was amended, as it stood; `by`: the `sub` of who amended it."""

    model_config = ConfigDict(frozen=True)

    measure: Measure | None
    note: str | None
    reason: AmendReason
    at: datetime
    by: str


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
    told_at: datetime | None = None
    answered_by: str | None = None
    answered_by_organisation_id: UUID | None = None
    former_answers: tuple[FormerAnswer, ...] = ()
    error_reason: ErrorReason | None = None
    error_at: datetime | None = None
    error_by: str | None = None
    error_by_organisation_id: UUID | None = None


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
    """What other services are told: ids and codes of a linked one that stands, nothing of any other. Source: OUR-05."""
    if not concern.linked or concern.person_id is None or concern.error_at:
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
    """The first reading counts; its time is shown to whoever raised the concern. Source: OUR-05.

    Raises Refused("concern-entered-in-error").
    """
    if concern.error_at:
        raise Refused("concern-entered-in-error")
    if concern.read_at:
        return concern, []
    return concern.model_copy(update={"read_at": now}), _fact(concern, ConcernRead)


def answered(concern: Concern, measure: Measure, note: str | None, by: By, now: datetime) -> tuple[Concern, list[Event]]:
    """Raises Refused("concern-already-answered"), or as `read` does. Answering reads it too.

    A mild case may be a self-guided plan (000-65).
    """
    if concern.answered_at:
        raise Refused("concern-already-answered")
    concern, facts = read(concern, now)
    said = {"answered_at": now, "measure": measure, "note": note}
    who = {"answered_by": by.sub, "answered_by_organisation_id": by.organisation_id}
    return concern.model_copy(update={**said, **who}), [*facts, *_fact(concern, ConcernAnswered)]


def amended(concern: Concern, right: tuple[Measure, str | None], reason: AmendReason, by: By, now: datetime) -> Concern:
    """The answer (measure, note) was another one; how it stood is kept, and the concern stays answered since then.

    By who answered. Nothing where it says so already. Raises Refused("answer-not-amendable"). Source: issue of corrections.
    """
    refuse(
        "answer-not-amendable",
        {
            "concern-stands": concern.error_at is not None,
            "answered": concern.answered_at is None,
            "answered-by-own-organisation": concern.answered_by is not None
            and not _is_same(By(concern.answered_by, concern.answered_by_organisation_id), by),
        },
    )
    if right == (concern.measure, concern.note):
        return concern
    former = FormerAnswer(measure=concern.measure, note=concern.note, reason=reason, at=now, by=by.sub)
    return concern.model_copy(update={"measure": right[0], "note": right[1], "former_answers": (*concern.former_answers, former)})


def is_raised_by(concern: Concern, by: By) -> bool:
    """Whether it is this one's own report, or its organisation's."""
    return _is_same(By(concern.raised_by, concern.raised_by_organisation_id), by)


def _is_same(one: By, other: By) -> bool:
    return one.organisation_id == other.organisation_id and (one.organisation_id is not None or one.sub == other.sub)


def entered_in_error(concern: Concern, reason: ErrorReason, by: By, now: datetime, reaches: bool) -> Concern:
    """It never was. Who raised it says so until it is answered; `reaches`: who reads it does at any time. The first reason stays.

    Raises Refused("concern-not-withdrawable"). Source: issue of corrections.
    """
    if concern.error_at:
        return concern
    refuse("concern-not-withdrawable", {"not-answered": concern.answered_at is not None and not reaches})
    error = {"error_reason": reason, "error_at": now, "error_by": by.sub, "error_by_organisation_id": by.organisation_id}
    return concern.model_copy(update=error)


def withdrawn(concern: Concern) -> list[Event]:
    """What other services are told of one entered in error, if they heard of it."""
    return _fact(concern, ConcernWithdrawn) if concern.told_at and concern.error_at else []


def escalated(concern: Concern, now: datetime) -> tuple[Concern, list[Event]]:
    """Unanswered past its clock: "the mild form may turn into a severe one". Source: mission row 000-10."""
    if concern.answered_at or concern.escalated_at or concern.error_at:
        return concern, []
    return concern.model_copy(update={"escalated_at": now}), _fact(concern, ConcernEscalated)


Fact = type[ConcernRead] | type[ConcernAnswered] | type[ConcernEscalated] | type[ConcernWithdrawn]


def _fact(concern: Concern, kind: Fact) -> list[Event]:
    if not concern.linked or concern.person_id is None:
        return []
    return [kind(person_id=concern.person_id, concern_id=concern.concern_id)]
