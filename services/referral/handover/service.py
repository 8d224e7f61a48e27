"""What a journey does to referrals: a start moves the open one on, an end closes it and opens the next.

Whatever comes first, a person has at most one open referral a stage.
"""

from typing import Literal
from uuid import UUID

from services.referral.handover.domain import REASON_OF_ENDING
from services.referral.journey import service as journeys
from services.referral.organisation import service as organisations
from services.referral.person import service as persons
from services.referral.person.domain import Person
from services.referral.referral import domain as rules
from services.referral.referral import service as referrals
from services.referral.referral.domain import Wish
from services.referral.transition.domain import SYSTEM, Reason, Status
from shared.database import Tx
from shared.events.programme import JourneyOpened, RelapseRecorded, StageCompleted, StageLeft, StageSkipped, StageStarted
from shared.events.referral import ReferralOrigin


async def journey_opened(tx: Tx, event: JourneyOpened) -> None:
    """A request may have named the journey before it was heard of. Source: contracts section 3."""
    if event.imported:
        await persons.lock_known(tx, event.person_id)
    await journeys.opened(tx, event)
    if event.imported:
        await referrals.become_imported(tx, event.person_id, event.journey_id)


async def stage_started(tx: Tx, event: StageStarted) -> None:
    """The open referral for the stage is in progress, where the stage was really started. Source: mission row OUR-01."""
    await persons.lock_known(tx, event.person_id)
    await journeys.started(tx, event)
    referral = await referrals.lock_open(tx, event.person_id, event.stage)
    if referral is not None:
        await referrals.apply(tx, referral, rules.start_at(referral, event.organisation_id, referrals.recorded_on(tx)))
    await referrals.settle(tx, event.person_id, event.stage, None)


async def stage_completed(tx: Tx, event: StageCompleted) -> None:
    """The stage's referral is completed; the next stage's one opens, unless that stage was started already. Source: mission row 002-15."""
    person = await persons.lock_known(tx, event.person_id)
    await journeys.ended(tx, event)
    await _close(tx, event.person_id, event.stage, "completed", None)
    stage = await journeys.next_stage(tx, event.journey_id, event.stage, event.spell)
    if stage is not None:
        await _open(tx, person, event, (stage, event.next_organisation_id), "completion")


async def stage_left(tx: Tx, event: StageLeft) -> None:
    """The stage's referral failed; a transfer opens one for the same stage. Source: mission row 002-06, standards section 4."""
    person = await persons.lock_known(tx, event.person_id)
    await journeys.ended(tx, event)
    await _close(tx, event.person_id, event.stage, "failed", REASON_OF_ENDING[event.how])
    if event.how == "transferred":
        await _open(tx, person, event, (event.stage, event.next_organisation_id), "organisation")
    if event.how == "died":
        await referrals.withdraw_waiting(tx, event.person_id, "died")


async def stage_skipped(tx: Tx, event: StageSkipped) -> None:
    """Nobody needs to take the person for a skipped stage; who waited for it waits for the following one. Source: mission row 002-01."""
    person = await persons.lock_known(tx, event.person_id)
    await journeys.skipped(tx, event)
    waiting = await referrals.stop_waiting(tx, event.person_id, event.stage, event.journey_id)
    stage = await journeys.next_stage(tx, event.journey_id, event.stage, 0)
    if waiting is not None and stage is not None:
        wish = Wish(**waiting.model_dump(include=set(Wish.model_fields)))
        await _offer(tx, person, wish.model_copy(update={"stage": stage, "to_organisation_id": None, "replaces": None}))


async def relapse_recorded(tx: Tx, event: RelapseRecorded) -> None:
    """A reopened stage needs somebody to take the person again. Source: mission row 002-46."""
    if event.reopens is not None:
        person = await persons.lock_known(tx, event.person_id)
        await _open(tx, person, event, (event.reopens, None), "relapse")


async def _close(tx: Tx, person_id: UUID, stage: int, to: Literal["completed", "failed"], reason: Reason | None) -> None:
    """Only what has begun ends with the stage; a request for another organisation stays."""
    referral = await referrals.lock_open(tx, person_id, stage)
    if referral is not None and referral.has_started:
        goals: tuple[Status, ...] = (to,)
        await referrals.apply(tx, referral, rules.move(referral, goals, SYSTEM, reason, referrals.recorded_on(tx)))


async def _open(
    tx: Tx,
    person: Person | None,
    event: StageCompleted | StageLeft | RelapseRecorded,
    asked: tuple[int, UUID | None],
    origin: ReferralOrigin,
) -> None:
    """`asked`: the stage, and the organisation or any."""
    stage, to = asked
    sender = None if isinstance(event, RelapseRecorded) else event.organisation_id
    wish = Wish(
        person_id=event.person_id,
        journey_id=event.journey_id,
        stage=stage,
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
    region = person.region if person else sender.region if sender else None
    known = {"region": region, "due_on": referrals.answer_due_on(tx, wish.imported)}
    await referrals.offer(tx, wish.model_copy(update=known))
