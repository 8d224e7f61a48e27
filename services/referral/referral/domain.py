"""Referrals and what may become of them. Pure: no clock, no database. Which status may follow which is `transition/domain.py`'s."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referral.pathway.domain import Place
from services.referral.transition.domain import (
    ENDS,
    REQUESTER,
    SYSTEM,
    TAKEN,
    TURNED_DOWN,
    Actor,
    Held,
    Party,
    Reason,
    Status,
    check_transition,
    path_to_start,
    rule_for,
)
from services.referral.wish.domain import Source, Wish
from shared.events import Event
from shared.events.referral import (
    PlaceNotFound,
    ReferralAddressed,
    ReferralAnswered,
    ReferralClosed,
    ReferralOpened,
    ReferralOrigin,
    ReferralStarted,
)

IMPORTED: dict[str, Any] = {"imported": True, "due_on": None}  # history owes no answer
ANSWERED_FOR: dict[str, Any] = {"basis_withdrawn": None, "basis_withdrawn_at": None}

Basis = Literal["end-of-stay", "start-of-stay", "skip", "relapse", "journey"]


class Referral(BaseModel):
    """A request that an organisation take a person for a stage. Source: mission row 002-06.

    `asked_as`: as what an organisation or the person asked for it itself, also where the system opened it first; None: the system alone.
    `basis_withdrawn`: what the system had opened it for was corrected after somebody accepted; nobody has said yet that it goes on.
    """

    model_config = ConfigDict(frozen=True)

    referral_id: UUID
    person_id: UUID
    journey_id: UUID | None
    pathway: str
    stage: int
    stage_code: str
    status: Status
    from_organisation_id: UUID | None
    to_organisation_id: UUID | None
    region: str | None
    origin: ReferralOrigin
    source: Source
    due_on: date | None
    replaces: UUID | None
    imported: bool
    has_started: bool
    place_found: bool
    opened_at: datetime
    asked_as: ReferralOrigin | None = "organisation"
    basis_withdrawn: Basis | None = None
    basis_withdrawn_at: datetime | None = None

    @property
    def answer_due(self) -> date | None:
        """The day by which somebody owes an answer; None when nobody does. Source: mission row 002-22."""
        return self.due_on if self.status == "requested" else None

    @property
    def awaits_start(self) -> bool:
        """Whether the person may get lost on the way to the stage: also after being turned down, until another takes it. Source: OUR-01."""
        return (
            self.journey_id is not None
            and not (self.imported or self.has_started)
            and self.status in ("requested", "accepted", "on-hold", *TURNED_DOWN)
        )

    @property
    def is_in_doubt(self) -> bool:
        """Whether its two sides are asked if it goes on all the same."""
        return self.basis_withdrawn is not None and self.status in TAKEN

    @property
    def place(self) -> Place:
        return Place(self.pathway, self.stage, self.stage_code)

    def ids(self) -> dict[str, Any]:
        return {**self.names(), "journey_id": self.journey_id}

    def names(self) -> dict[str, Any]:
        """What every fact about it names."""
        return {"person_id": self.person_id, "referral_id": self.referral_id, "pathway": self.pathway, "stage": self.stage}

    def told(self, again: bool = False) -> list[Event]:
        """A person was offered the stage, and if no place was found; `again`: also if one was named since. Source: rows 002-06, 000-62."""
        sent = {"from_organisation_id": self.from_organisation_id, "to_organisation_id": self.to_organisation_id, "region": self.region}
        opened = ReferralOpened(**self.ids(), **sent, stage_code=self.stage_code, origin=self.origin, due_on=self.due_on)
        found = self.place_found or (self.to_organisation_id is not None and not again)
        return [opened] if found else [opened, PlaceNotFound(**self.names(), region=self.region)]

    def closed(self, reason: str | None) -> Event:
        """Its end; raises ValidationError while it is open."""
        return ReferralClosed.model_validate({**self.ids(), "end": self.status, "reason": reason})

    def mistaken(self) -> Event:
        """What was told of it before counts no more."""
        return ReferralClosed(**self.ids(), end="entered-in-error", reason="mistaken-or-duplicate")


class Entry(BaseModel):
    """One line of a referral's history; kept for ever."""

    change: Literal["opened", "status", "addressed"]
    from_status: Status | None
    to_status: Status
    to_organisation_id: UUID | None
    actor: str
    organisation_id: UUID | None
    reason: str | None


class Changed(NamedTuple):
    """A referral after a change, with what is to be told and written down."""

    referral: Referral
    events: list[Event]
    entries: list[Entry]

    def then(self, other: "Changed") -> "Changed":
        return Changed(other.referral, self.events + other.events, self.entries + other.entries)


def parties_of(referral: Referral, organisation_id: UUID | None, own_id: UUID | None, may_take: bool) -> frozenset[Party]:
    """As which parties the caller stands to a referral. `may_take`: qualified for one that is open to any.

    A person is the requester of what it asked for itself. A target knows nothing of drafts.
    """
    parties: set[Party] = set()
    if own_id is not None:
        return REQUESTER if own_id == referral.person_id and referral.origin == "self" else frozenset()
    if organisation_id is not None and organisation_id == referral.from_organisation_id:
        parties.add("requester")
    addressed = organisation_id is not None and organisation_id == referral.to_organisation_id
    open_to_all = referral.to_organisation_id is None and referral.status == "requested" and may_take
    if referral.status != "draft" and (addressed or open_to_all):
        parties.add("target")
    return frozenset(parties)


def knows_person(referral: Referral, organisation_id: UUID, relates: bool) -> bool:
    """Whether one of the two organisations of a referral sees whom it is about. `relates`: it has a relation to the person now.

    The one asked sees it once it has accepted, for as long as the referral is open, and afterwards where a stay came of it. What it
    declined, or was taken from it before a start, shows it nothing again. Source: issue of rights, section 1; privacy section 1.
    """
    if organisation_id == referral.from_organisation_id:
        return relates
    if organisation_id != referral.to_organisation_id:
        return False
    return relates and (referral.status in TAKEN or referral.has_started)


def open_referral(referral_id: UUID, wish: Wish, actor: Actor, place_found: bool, now: datetime) -> Changed:
    """A new referral: a draft tells nobody, a request is told. Source: mission rows 002-06, 000-62."""
    status: Status = "draft" if wish.draft else "requested"
    fields = wish.model_dump(exclude={"draft"}) | ({"due_on": None} if wish.draft else {}) | as_asked(wish, actor)
    referral = Referral(referral_id=referral_id, status=status, has_started=False, place_found=place_found, opened_at=now, **fields)
    return Changed(referral, [] if wish.draft else referral.told(), [entry("opened", None, referral, actor)])


def as_asked(wish: Wish, actor: Actor) -> dict[str, Any]:
    """What asks for it beside the system. Source: issue of corrections, section 1."""
    return {"asked_as": None if actor.is_system else wish.origin}


def change_status(referral: Referral, to: Status, actor: Actor, reason: Reason | None, on: date) -> Changed:
    """Apply one row of the table. Accepting one that is open to any makes the organisation its owner.

    Raises Refused("status-not-possible"). Source: standards section 1, mission row 002-06.
    """
    check_transition(referral.status, to, actor, reason, Held(referral.to_organisation_id is not None, referral.has_started))
    owner = referral.to_organisation_id or (actor.organisation_id if to == "accepted" else None)
    started = referral.has_started or to == "in-progress"
    changed = referral.model_copy(update={"status": to, "to_organisation_id": owner, "has_started": started})
    return Changed(changed, _facts(referral, changed, reason, on), [entry("status", referral.status, changed, actor, reason)])


def _facts(before: Referral, after: Referral, reason: str | None, on: date) -> list[Event]:
    """What a change of status tells the others; drafts, holds and resumptions stay inside."""
    if after.status == "requested":
        return after.told()
    if before.status == "requested" and after.status in ("accepted", "rejected"):
        return [answered(after, reason, on)]
    if after.status == "in-progress" and not before.has_started and after.to_organisation_id is not None:
        return [ReferralStarted(**after.ids(), organisation_id=after.to_organisation_id)]
    if after.status in ENDS and before.status != "draft":
        return [after.closed(reason)]
    return []


def answered(referral: Referral, reason: str | None, on: date) -> ReferralAnswered:
    """The answer of its owner, given on that day."""
    answer: Literal["accepted", "declined"] = "accepted" if referral.status == "accepted" else "declined"
    assert referral.to_organisation_id is not None, "an answer has an owner"
    in_time = referral.due_on is None or on <= referral.due_on
    by, own = referral.to_organisation_id, referral.to_organisation_id == referral.from_organisation_id
    return ReferralAnswered(**referral.ids(), organisation_id=by, answer=answer, reason=reason, in_time=in_time, by_sender=own)


def move(referral: Referral, goals: Iterable[Status], actor: Actor, reason: Reason | None, on: date) -> Changed:
    """Several transitions in a row, each by its rule; a reason goes to those that need one."""
    changed = Changed(referral, [], [])
    for to in goals:
        rule = rule_for(changed.referral.status, to)
        needed = reason if rule and rule.needs_reason else None
        changed = changed.then(change_status(changed.referral, to, actor, needed, on))
    return changed


def address(referral: Referral, to_organisation_id: UUID, actor: Actor, due_on: date | None) -> Changed:
    """Name the organisation, or another one, for a referral that is already open; the answer is due anew."""
    changed = referral.model_copy(update={"to_organisation_id": to_organisation_id, "due_on": due_on})
    told: list[Event] = [ReferralAddressed(**changed.ids(), to_organisation_id=to_organisation_id, due_on=due_on)]
    return Changed(changed, told if referral.status != "draft" else [], [entry("addressed", referral.status, changed, actor)])


def is_meant(referral: Referral, journey_id: UUID, organisation_id: UUID) -> bool:
    """Whether what an organisation does in a journey is done to this open referral.

    One that names no journey is its sender's and its target's, and anybody's while it is open to any.
    """
    if referral.journey_id == journey_id:
        return True
    is_open_to_any = referral.to_organisation_id is None and referral.status == "requested"
    return is_open_to_any or organisation_id in (referral.from_organisation_id, referral.to_organisation_id)


def start_at(referral: Referral, organisation_id: UUID, journey_id: UUID | None, on: date) -> Changed:
    """The stage was started: on to in-progress, passing through accepted, at the organisation and in the journey where it really started.

    Source: contracts section 3.
    """
    referral = referral.model_copy(update={"journey_id": referral.journey_id or journey_id})
    changed = Changed(referral, [], [])
    if referral.to_organisation_id != organisation_id:
        changed = address(referral, organisation_id, SYSTEM, referral.due_on)
    return changed.then(move(changed.referral, path_to_start(referral.status), SYSTEM, None, on))


def withdrawn_as(status: Status) -> Status:
    """How what need not go on ends: a draft was never told, anything else is cancelled."""
    return "entered-in-error" if status == "draft" else "cancelled"


def withdraw(referral: Referral, reason: Reason, on: date) -> Changed:
    """End, as the system, what need not go on."""
    return change_status(referral, withdrawn_as(referral.status), SYSTEM, reason, on)


def entry(
    change: Literal["opened", "status", "addressed"], was: Status | None, now: Referral, actor: Actor, reason: str | None = None
) -> Entry:
    return Entry(
        change=change,
        from_status=was,
        to_status=now.status,
        to_organisation_id=now.to_organisation_id,
        actor=actor.name,
        organisation_id=actor.organisation_id,
        reason=reason,
    )
