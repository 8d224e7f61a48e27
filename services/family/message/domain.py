"""Messages: which fact tells what to whom, and the state machine of their delivery. Pure; no text of theirs is here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

from services.family.channel.domain import Channel, Outcome
from shared.errors import Refused
from shared.events import Event
from shared.events.programme import (
    JourneyCompleted,
    JourneyOpened,
    RelapseRecorded,
    StageCompleted,
    StageLeft,
    StageStarted,
)
from shared.events.referral import (
    AnswerOverdue,
    HandoverOverdue,
    PlaceNotFound,
    ReferralAddressed,
    ReferralAnswered,
    ReferralClosed,
    ReferralOpened,
    ReferralStarted,
)

State = Literal["pending", "claimed", "sent", "delivered", "failed", "suppressed", "uncertain"]

# Standards section 7: from -> to. What is kept needs no sending, so pending may become delivered; what a death stopped goes on when
# the death is reversed.
TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        ("pending", "claimed"),
        ("pending", "delivered"),
        ("pending", "suppressed"),
        ("claimed", "pending"),
        ("claimed", "sent"),
        ("claimed", "failed"),
        ("claimed", "uncertain"),
        ("sent", "delivered"),
        ("sent", "failed"),
        ("uncertain", "delivered"),
        ("failed", "delivered"),
        ("suppressed", "pending"),
    }
)
LADDER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120))
CLAIM_GIVEN_UP = timedelta(seconds=10)
CLAIM_UNCERTAIN = timedelta(seconds=60)
# What its contact may open: everything that a permission covered when it was claimed or delivered.
OPEN_TO_CONTACT: tuple[State, ...] = ("sent", "delivered", "failed", "uncertain")


class Notice(BaseModel):
    """Under which topic a fact may be told, and which wording tells it."""

    model_config = ConfigDict(frozen=True)

    topic: Literal["referral", "stage", "relapse"]
    kind: str


NOTICES: Mapping[type[Event], Notice] = {
    JourneyOpened: Notice(topic="stage", kind="journey-opened"),
    StageStarted: Notice(topic="stage", kind="stage-started"),
    StageCompleted: Notice(topic="stage", kind="stage-completed"),
    StageLeft: Notice(topic="stage", kind="stage-left"),
    JourneyCompleted: Notice(topic="stage", kind="journey-completed"),
    ReferralOpened: Notice(topic="referral", kind="referral-opened"),
    ReferralAddressed: Notice(topic="referral", kind="referral-opened"),
    ReferralAnswered: Notice(topic="referral", kind="referral-answered"),
    ReferralStarted: Notice(topic="referral", kind="referral-started"),
    ReferralClosed: Notice(topic="referral", kind="referral-closed"),
    AnswerOverdue: Notice(topic="referral", kind="referral-waiting"),
    HandoverOverdue: Notice(topic="referral", kind="referral-waiting"),
    PlaceNotFound: Notice(topic="referral", kind="referral-waiting"),
    RelapseRecorded: Notice(topic="relapse", kind="change"),
}
CORRECTIONS: tuple[Notice, ...] = (
    Notice(topic="stage", kind="stage-correction"),
    Notice(topic="referral", kind="referral-correction"),
    Notice(topic="relapse", kind="correction"),
)
"""That what was told under a topic no longer holds; who was told under several is told under the first."""
CORRECTED = "corrected"
SUPPORT = Notice(topic="stage", kind="support")
PROMPT = Notice(topic="stage", kind="prompt")
DEATH = Notice(topic="stage", kind="death")
NO_DEATH = Notice(topic="stage", kind="death-correction")
"""That the news of a death does not hold."""
NO_PERMISSION = "no-permission"
STOPPED_BY_DEATH = ("person-died", "person-gone")
"""The reasons of messages that go on if the death is reversed."""


def notice_of(event: Event, asks_for_support: bool = False) -> Notice:
    """What this fact tells; the start of a stage that asks for support says so instead (mission row 002-24)."""
    if isinstance(event, StageStarted) and asks_for_support:
        return SUPPORT
    return NOTICES[type(event)]


@dataclass(frozen=True)
class Source:
    """What a message is made of: the fact (`event_id`), and the ids by which it may turn out to be history."""

    event_id: UUID
    person_id: UUID
    notice: Notice
    stage: int | None = None
    spell: int | None = None
    """Which stay of the stage; of a completion which one of its journey."""
    journey_id: UUID | None = None
    pathway: str | None = None
    subjects: tuple[UUID, ...] = ()
    imported: bool = False
    only: tuple[UUID, ...] | None = None
    """The contacts that may be told; None: whoever may know of the topic."""


def source_of(event_id: UUID, event: Event, asks_for_support: bool = False) -> Source:
    """Reads what the facts share: every one names its person, most a stage, journeys and referrals their ids and pathway."""
    journey_id = getattr(event, "journey_id", None)
    ids = (journey_id, getattr(event, "referral_id", None))
    return Source(
        event_id=occasion_of(event_id, event),
        person_id=getattr(event, "person_id"),  # noqa: B009 - the classes share no base that has it
        notice=notice_of(event, asks_for_support),
        stage=getattr(event, "stage", None),
        spell=getattr(event, "spell", None) or getattr(event, "completion", None),
        journey_id=journey_id,
        pathway=getattr(event, "pathway", None),
        subjects=tuple(i for i in ids if i is not None),
        imported=getattr(event, "imported", False),
    )


def occasion_of(event_id: UUID, event: Event) -> UUID:
    """What a contact is told once: the fact itself; one stay that meets several definitions of relapse is one occasion.

    A referral that stands again after an undoing is told to other services as if it were new: who was told hears it once. Source:
    mission row 002-46; contracts section 3.
    """
    if isinstance(event, RelapseRecorded):
        return relapse_of(event.journey_id, event.stage, event.spell)
    said = _said_of_referral(event)
    return event_id if said is None else uuid5(getattr(event, "referral_id"), said)  # noqa: B009 - the classes share no base that has it


def _said_of_referral(event: Event) -> str | None:
    """What a fact says of its referral; a delay is news each time."""
    match event:
        case ReferralOpened():
            return "opened"
        case ReferralAddressed():
            return f"addressed {event.to_organisation_id}"
        case ReferralAnswered():
            return f"{event.answer} {event.organisation_id}"
        case ReferralStarted():
            return f"started {event.organisation_id}"
        case ReferralClosed():
            return f"closed {event.end}"
        case PlaceNotFound():
            return "no place"
        case _:
            return None


def relapse_of(journey_id: UUID, stage: int | None, spell: int | None) -> UUID:
    """The occasion of all relapses of one stay."""
    return uuid5(journey_id, f"relapse {stage}/{spell}")


class Message(BaseModel):
    """One notice to one contact; its text is chosen when it is read, in the contact's language."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message_id: UUID
    contact_id: UUID
    person_id: UUID
    topic: str
    kind: str
    stage: int | None
    pathway: str | None = None
    channel: str
    state: State
    reason: str | None
    created_at: datetime
    due_at: datetime
    attempts: int
    claim_id: UUID | None
    claimed_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    corrected_at: datetime | None = None

    def moved(self, to: State, **changes: object) -> "Message":
        """The message in its next state; raises Refused("message-not-movable") for a step that standards section 7 does not have."""
        if (self.state, to) not in TRANSITIONS:
            raise Refused("message-not-movable", (f"{self.state}-to-{to}",))
        return self.model_copy(update={"state": to, **changes})


def is_right(message: Message, is_living: bool) -> bool:
    """Of a dead person the news of the death alone is told, and of a living one everything but that. Source: privacy section 6."""
    return is_living != (message.kind == DEATH.kind)


def claimed(message: Message, channel: Channel | None, is_living: bool, claim_id: UUID, now: datetime) -> Message:
    """The decision at claim time, under the permission's lock. `channel`: the one it may take now; None: suppressed."""
    told = is_right(message, is_living)
    if not told or channel is None:
        return message.moved("suppressed", reason=NO_PERMISSION if told else "person-gone")
    if not channel.sends:
        return message.moved("delivered", channel=channel.name, delivered_at=now)
    return message.moved("claimed", channel=channel.name, claim_id=claim_id, claimed_at=now)


def settled(message: Message, outcome: Outcome, now: datetime) -> Message:
    """What a sending came to. Only what was surely not accepted is tried again, up to the ladder's 4 hours. Source: standards section 7.

    What was taken back meanwhile is not tried again: a correction followed it.
    """
    if outcome == "accepted":
        return message.moved("sent", sent_at=now)
    if outcome == "unknown":
        return message.moved("uncertain", reason="no-definite-answer")
    if message.corrected_at is not None:
        return message.moved("failed", reason=CORRECTED)
    free = {"claim_id": None, "claimed_at": None}
    if outcome == "given-up":
        return message.moved("pending", **free)
    if message.attempts >= len(LADDER):
        return message.moved("failed", reason="refused-to-the-last")
    return message.moved("pending", due_at=now + LADDER[message.attempts], attempts=message.attempts + 1, **free)


def read(message: Message, now: datetime) -> Message:
    """The contact has opened it: whatever a server said, it has arrived. Reading again changes nothing."""
    if message.read_at:
        return message
    if message.state == "delivered":
        return message.model_copy(update={"read_at": now})
    return message.moved("delivered", read_at=now, delivered_at=now)
