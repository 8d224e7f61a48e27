"""What a journey does to referrals: a start moves the open one on, an end closes it and opens the next.

Whatever comes first, a person has at most one open referral a journey and stage. A stage of another pathway is never meant.
"""

from typing import Literal, NamedTuple
from uuid import UUID

from services.referral.handover.domain import REASON_OF_ENDING
from services.referral.journey import service as journeys
from services.referral.journey.domain import Fact
from services.referral.organisation import service as organisations
from services.referral.pathway import service as pathways
from services.referral.pathway.domain import Place
from services.referral.person import service as persons
from services.referral.person.domain import Person
from services.referral.referral import domain as rules
from services.referral.referral import service as referrals
from services.referral.transition.domain import SYSTEM, Reason, Status
from services.referral.wish import service as wishes
from services.referral.wish.domain import Wish
from shared.database import Tx
from shared.events.pathway import DEFAULT_PATHWAY
from shared.events.programme import (
    JourneyCompleted,
    JourneyOpened,
    RelapseRecorded,
    StageCompleted,
    StageLeft,
    StageSkipped,
    StageStarted,
)
from shared.events.referral import ReferralOrigin


async def journey_opened(tx: Tx, event: JourneyOpened) -> None:
    """A request may have named the journey, or its pathway, before it was heard of. Source: contracts section 3."""
    await persons.lock_known(tx, event.person_id)
    await journeys.opened(tx, event)
    await pathways.hear(tx, event)
    await referrals.know_stages(tx, event.person_id, event.journey_id, await journeys.get_stages(tx, event.journey_id, event.person_id))
    if event.pathway != DEFAULT_PATHWAY:
        known = await pathways.stages_of(tx, event.pathway)
        await organisations.give_codes(tx, known)
        await referrals.give_codes(tx, known)
    if event.imported:
        await referrals.become_imported(tx, event.person_id, event.journey_id)


async def stage_started(tx: Tx, event: StageStarted) -> None:
    """The open referral for the stage is in progress, where the stage was really started. Source: mission row OUR-01."""
    await persons.lock_known(tx, event.person_id)
    await journeys.started(tx, event)
    await follow_start(tx, event)


async def follow_start(tx: Tx, event: StageStarted) -> None:
    """What a start does to referrals. Call with the person locked and the start kept."""
    place = await _place(tx, event, event.stage)
    by = Fact(event.journey_id, "started", event.stage, event.spell)
    referral = await referrals.lock_open(tx, event.person_id, event.journey_id, place)
    if referral is not None and rules.is_meant(referral, event.journey_id, event.organisation_id):
        started = rules.start_at(referral, event.organisation_id, event.journey_id, referrals.recorded_on(tx))
        await referrals.apply(tx, referral, started, by)
    await referrals.settle(tx, event.person_id, place, None, by)


async def stage_completed(tx: Tx, event: StageCompleted) -> None:
    """The stage's referral is completed; the next stage's one opens, unless that stage was started already. Source: mission row 002-15."""
    person = await persons.lock_known(tx, event.person_id)
    await journeys.ended(tx, event)
    await follow_completion(tx, person, event)


async def follow_completion(tx: Tx, person: Person | None, event: StageCompleted) -> None:
    """What a completion does to referrals. Call with the person locked and the end kept."""
    stages = await journeys.get_stages(tx, event.journey_id, event.person_id)
    await _close(tx, event, stages.place(event.stage), "completed", None)
    following = await journeys.next_place(tx, event.journey_id, stages, event.stage, event.spell)
    if following is not None and not event.asks_nobody:
        await offer_next(tx, person, Asking.of(event, "completion"), following)


async def stage_left(tx: Tx, event: StageLeft) -> None:
    """The stage's referral failed; a transfer opens one for the same stage. What waits elsewhere ends with a death once that is confirmed.

    Source: mission row 002-06, standards section 4.
    """
    person = await persons.lock_known(tx, event.person_id)
    await journeys.ended(tx, event)
    await follow_leaving(tx, person, event)


async def follow_leaving(tx: Tx, person: Person | None, event: StageLeft) -> None:
    """What leaving a stage does to referrals. Call with the person locked and the end kept."""
    place = await _place(tx, event, event.stage)
    await _close(tx, event, place, "failed", REASON_OF_ENDING[event.how])
    if event.how == "transferred" and not event.asks_nobody:
        await offer_next(tx, person, Asking.of(event, "organisation"), place)


async def stage_skipped(tx: Tx, event: StageSkipped) -> None:
    """Nobody needs to take the person for a skipped stage; who waited for it waits for the following one. Source: mission row 002-01."""
    person = await persons.lock_known(tx, event.person_id)
    if await journeys.skipped(tx, event):
        await follow_skip(tx, person, event.person_id, Fact(event.journey_id, "skipped", event.stage))


async def follow_skip(tx: Tx, person: Person | None, person_id: UUID, by: Fact) -> None:
    """What a skip does to referrals. Call with the person locked and the skip kept."""
    stages = await journeys.get_stages(tx, by.journey_id, person_id)
    waiting = await referrals.stop_waiting(tx, person_id, stages.place(by.stage), by)
    following = await journeys.next_place(tx, by.journey_id, stages, by.stage, 0)
    if waiting is not None and following is not None:
        wish = Wish(**waiting.model_dump(include=set(Wish.model_fields))).at(following)
        await _offer(tx, person, wish.model_copy(update={"to_organisation_id": None, "replaces": None}), by)


async def relapse_recorded(tx: Tx, event: RelapseRecorded) -> None:
    """A reopened stage needs somebody to take the person again. Source: mission row 002-46."""
    if event.reopens is not None:
        person = await persons.lock_known(tx, event.person_id)
        await journeys.completed(tx, event.journey_id, None)
        sender = await journeys.organisation_of(tx, event.journey_id, event.stage, event.spell)
        by = await journeys.reopening(tx, event.journey_id, event.reopens, event.stage, event.spell)
        asking = Asking(event.person_id, by, sender, None, "relapse", event.imported)
        await offer_next(tx, person, asking, await _place(tx, event, event.reopens))


async def journey_completed(tx: Tx, event: JourneyCompleted) -> None:
    """Nobody needs to take the person on a completed journey. Source: mission row 002-02."""
    await journeys.completed(tx, event.journey_id, event.completed_on)
    await withdraw_waiting(tx, event.person_id, event.journey_id)


async def withdraw_waiting(tx: Tx, person_id: UUID, journey_id: UUID) -> None:
    """What waits on a completed journey."""
    await referrals.withdraw_waiting(tx, person_id, "needs-met-otherwise", Fact(journey_id, "completed"))


async def _place(tx: Tx, event: StageStarted | StageLeft | RelapseRecorded, stage: int) -> Place:
    return (await journeys.get_stages(tx, event.journey_id, event.person_id)).place(stage)


async def _close(
    tx: Tx, event: StageCompleted | StageLeft, place: Place, to: Literal["completed", "failed"], reason: Reason | None
) -> None:
    """Only what has begun ends with the stage; a request for another organisation stays."""
    referral = await referrals.lock_open(tx, event.person_id, event.journey_id, place)
    if referral is not None and referral.has_started and rules.is_meant(referral, event.journey_id, event.organisation_id):
        goals: tuple[Status, ...] = (to,)
        by = Fact(event.journey_id, "ended", event.stage, event.spell)
        await referrals.apply(tx, referral, rules.move(referral, goals, SYSTEM, reason, referrals.recorded_on(tx)), by)


class Asking(NamedTuple):
    """Which fact asks that somebody take the person, whose it is, and whom it named."""

    person_id: UUID
    by: Fact
    organisation_id: UUID | None
    named: UUID | None
    origin: ReferralOrigin
    imported: bool

    @classmethod
    def of(cls, event: StageCompleted | StageLeft, origin: ReferralOrigin) -> "Asking":
        by = Fact(event.journey_id, "ended", event.stage, event.spell)
        return cls(event.person_id, by, event.organisation_id, event.next_organisation_id, origin, event.imported)


async def whom(tx: Tx, named: UUID | None, place: Place) -> UUID | None:
    """The organisation named, or any: also where the one named is not confirmed for the stage any more."""
    return named if named and await organisations.receives(tx, named, place) else None


async def offer_next(tx: Tx, person: Person | None, asking: Asking, place: Place) -> None:
    """Somebody is asked to take the person for the stage."""
    journey_id = asking.by.journey_id
    wish = Wish(
        person_id=asking.person_id,
        journey_id=journey_id,
        pathway=place.pathway,
        stage=place.stage,
        stage_code=place.code,
        from_organisation_id=asking.organisation_id,
        to_organisation_id=await whom(tx, asking.named, place),
        region=None,
        origin=asking.origin,
        source="3",
        due_on=None,
        imported=asking.imported or await journeys.is_imported(tx, journey_id),
    )
    await _offer(tx, person, wish, asking.by)


async def _offer(tx: Tx, person: Person | None, wish: Wish, by: Fact) -> None:
    """Open it, or name the organisation on the one that is open already; an open one that serves somebody else's wish is left alone."""
    if person is not None and (person.died_on or person.erased_on):
        return
    sender = await organisations.find_organisation(tx, wish.from_organisation_id) if person is None else None
    region = person.region if person else sender.that_counts().region if sender else None
    known = {"region": region, "due_on": wishes.answer_due_on(tx, wish.imported)}
    await referrals.offer(tx, wish.model_copy(update=known), by)
