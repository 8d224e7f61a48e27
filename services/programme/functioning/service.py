"""What can be asked of the four levels: scores to be recorded, goals to be set and closed. Lock the journey, decide, save, append."""

from datetime import date
from uuid import UUID

from services.programme.functioning import domain, store
from services.programme.functioning.domain import Closing, Entry, Functioning, Goal, Score
from services.programme.journey import service as journeys
from services.programme.journey.domain import Journey
from services.programme.leftover.domain import Leftover
from services.programme.right import service as rights
from shared.database import Tx
from shared.events.programme import LevelScored


async def record_scores(tx: Tx, journey_id: UUID, scores: tuple[Score, ...]) -> None:
    """Raises Refused, NotFound. Source: mission row 002-30."""
    found = await rights.lock_held(tx, journey_id)
    journey = found.journey
    by = Entry(journeys.organisation_of(tx), rights.is_alone(journey))
    functioning = domain.record_scores(await get(tx, journey_id), scores, by, journeys.days(tx, found))
    await store.save_functioning(tx, journey_id, functioning)
    tx.append(journey.person_id, *(_scored(journey, score) for score in scores))


async def set_goal(tx: Tx, journey_id: UUID, goal: Goal) -> None:
    """Raises Refused, NotFound. Source: mission rows 002-07, 002-30."""
    found = await rights.lock_held(tx, journey_id)
    await store.save_functioning(tx, journey_id, domain.set_goal(await get(tx, journey_id), goal, journeys.days(tx, found)))


async def close_goal(tx: Tx, journey_id: UUID, closing: Closing) -> None:
    """Raises Refused, NotFound. Source: mission row 002-31."""
    await rights.lock_held(tx, journey_id)
    await store.save_functioning(tx, journey_id, domain.close_goal(await get(tx, journey_id), closing))


def latest_day(tx: Tx) -> date:
    """Today: the day of a goal where none is given."""
    return journeys.latest_day(tx)


async def get(tx: Tx, journey_id: UUID) -> Functioning:
    return await store.get_functioning(tx, journey_id)


async def save(tx: Tx, journey_id: UUID, functioning: Functioning) -> None:
    """What was corrected of it. Call under the journey's lock."""
    await store.save_functioning(tx, journey_id, functioning)


async def stay_gone(tx: Tx, journey_id: UUID, left: Leftover) -> Functioning:
    """A stay or the journey never was; answers what went with it. Call under the journey's lock."""
    kept = await get(tx, journey_id)
    stays, gone = kept.without(left)
    if stays != kept:
        await save(tx, journey_id, stays)
    return gone


async def read(tx: Tx, journey_id: UUID) -> tuple[Journey, Functioning]:
    """For who opened the journey or had a stay in it, a former holder what it entered itself; raises NotFound for others."""
    sight = await rights.get_delivered(tx, journey_id)
    functioning = await get(tx, journey_id)
    return sight.journey, functioning if sight.is_whole else functioning.entered_by(journeys.organisation_of(tx))


def _scored(journey: Journey, score: Score) -> LevelScored:
    return LevelScored(
        person_id=journey.person_id,
        journey_id=journey.journey_id,
        level=score.level,
        moment=score.moment,
        on=score.on,
        score=score.score,
        imported=journey.imported,
    )
