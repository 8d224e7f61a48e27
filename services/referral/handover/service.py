"""What a journey does to referrals: a start moves the open one on, an end closes it and opens the next.

Whatever comes first, a person has at most one open referral a journey and stage. A stage of another pathway is never meant.
"""

from typing import Literal
from uuid import UUID

from services.referral.handover.domain import REASON_OF_ENDING
from services.referral.journey import service as journeys
from services.referral.organisation import service as organisations
from services.referral.pathway import service as pathways
from services.referral.pathway.domain import Place
from services.referral.person import service as persons
from services.referral.person.domain import Person
from services.referral.referral import domain as rules
from services.referral.referral import service as referrals
from services.referral.transition.domain import SYSTEM, UNANSWERED, Reason, Status
from services.referral.wish import service as wishes
from services.referral.wish.domain import Wish
from shared.database import Tx
from shared.events.pathway import DEFAULT_PATHWAY
from shared.events.programme import JourneyOpened, RelapseRecorded, RelapseWithdrawn, StageCompleted, StageLeft, StageSkipped, StageStarted
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
    place = await _place(tx, event, event.stage)
    referral = await referrals.lock_open(tx, event.person_id, event.journey_id, place)
    if referral is not None and rules.is_meant(referral, event.journey_id, event.organisation_id):
        started = rules.start_at(referral, event.organisation_id, event.journey_id, referrals.recorded_on(tx))
        await referrals.apply(tx, referral, started)
    await referrals.settle(tx, event.person_id, place, None)


async def stage_completed(tx: Tx, event: StageCompleted) -> None:
    """The stage's referral is completed; the next stage's one opens, unless that stage was started already. Source: mission row 002-15."""
    person = await persons.lock_known(tx, event.person_id)
    await journeys.ended(tx, event)
    stages = await journeys.get_stages(tx, event.journey_id, event.person_id)
    await _close(tx, event, stages.place(event.stage), "completed", None)
    following = await journeys.next_place(tx, event.journey_id, stages, event.stage, event.spell)
    if following is not None:
        await _open(tx, person, event, (following, event.next_organisation_id), "completion")


async def stage_left(tx: Tx, event: StageLeft) -> None:
    """The stage's referral failed; a transfer opens one for the same stage. What waits elsewhere ends with a death once that is confirmed.

    Source: mission row 002-06, standards section 4.
    """
    person = await persons.lock_known(tx, event.person_id)
    await journeys.ended(tx, event)
    place = await _place(tx, event, event.stage)
    await _close(tx, event, place, "failed", REASON_OF_ENDING[event.how])
    if event.how == "transferred":
        await _open(tx, person, event, (place, event.next_organisation_id), "organisation")


async def stage_skipped(tx: Tx, event: StageSkipped) -> None:
    """Nobody needs to take the person for a skipped stage; who waited for it waits for the following one. Source: mission row 002-01."""
    person = await persons.lock_known(tx, event.person_id)
    await journeys.skipped(tx, event)
    stages = await journeys.get_stages(tx, event.journey_id, event.person_id)
    waiting = await referrals.stop_waiting(tx, event.person_id, stages.place(event.stage), event.journey_id)
    following = await journeys.next_place(tx, event.journey_id, stages, event.stage, 0)
    if waiting is not None and following is not None:
        wish = Wish(**waiting.model_dump(include=set(Wish.model_fields))).at(following)
        await _offer(tx, person, wish.model_copy(update={"to_organisation_id": None, "replaces": None}))


async def relapse_recorded(tx: Tx, event: RelapseRecorded) -> None:
    """A reopened stage needs somebody to take the person again. Source: mission row 002-46."""
    if event.reopens is not None:
        person = await persons.lock_known(tx, event.person_id)
        await _open(tx, person, event, (await _place(tx, event, event.reopens), None), "relapse")


async def relapse_withdrawn(tx: Tx, event: RelapseWithdrawn) -> None:
    """What was opened for a reopened stage is withdrawn with the reopening, unless somebody has accepted it.

    Source: issue of corrections, section 1.
    """
    if event.takes_back is None:
        return
    await persons.lock_known(tx, event.person_id)
    place = await _place(tx, event, event.takes_back)
    referral = await referrals.lock_open(tx, event.person_id, event.journey_id, place)
    if referral is not None and referral.origin == "relapse" and referral.status in UNANSWERED:
        await referrals.withdraw(tx, referral, "mistaken-or-duplicate")
        referral = None
    if referral is None:
        await referrals.settle(tx, event.person_id, place, event.journey_id)


async def _place(tx: Tx, event: StageStarted | StageLeft | RelapseRecorded | RelapseWithdrawn, stage: int) -> Place:
    return (await journeys.get_stages(tx, event.journey_id, event.person_id)).place(stage)


async def _close(
    tx: Tx, event: StageCompleted | StageLeft, place: Place, to: Literal["completed", "failed"], reason: Reason | None
) -> None:
    """Only what has begun ends with the stage; a request for another organisation stays."""
    referral = await referrals.lock_open(tx, event.person_id, event.journey_id, place)
    if referral is not None and referral.has_started and rules.is_meant(referral, event.journey_id, event.organisation_id):
        goals: tuple[Status, ...] = (to,)
        await referrals.apply(tx, referral, rules.move(referral, goals, SYSTEM, reason, referrals.recorded_on(tx)))


async def _open(
    tx: Tx,
    person: Person | None,
    event: StageCompleted | StageLeft | RelapseRecorded,
    asked: tuple[Place, UUID | None],
    origin: ReferralOrigin,
) -> None:
    """`asked`: the stage, and the organisation or any: also where the one named is not confirmed for the stage any more."""
    place, named = asked
    to = named if named and await organisations.receives(tx, named, place) else None
    sender = None if isinstance(event, RelapseRecorded) else event.organisation_id
    wish = Wish(
        person_id=event.person_id,
        journey_id=event.journey_id,
        pathway=place.pathway,
        stage=place.stage,
        stage_code=place.code,
        from_organisation_id=sender or await journeys.organisation_of(tx, event.journey_id, event.stage, event.spell),
        to_organisation_id=to,
        region=None,
        origin=origin,
        source="3",
        due_on=None,
        imported=event.imported or await journeys.is_imported(tx, event.journey_id),
    )
    await _offer(tx, person, wish)


async def _offer(tx: Tx, person: Person | None, wish: Wish) -> None:
    """Open it, or name the organisation on the one that is open already; an open one that serves somebody else's wish is left alone."""
    if person is not None and (person.died_on or person.erased_on):
        return
    sender = await organisations.find_organisation(tx, wish.from_organisation_id) if person is None else None
    region = person.region if person else sender.that_counts().region if sender else None
    known = {"region": region, "due_on": wishes.answer_due_on(tx, wish.imported)}
    await referrals.offer(tx, wish.model_copy(update=known))
