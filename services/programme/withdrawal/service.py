"""What can be asked about withdrawal symptoms: many days recorded at once, the latest ones read."""

from datetime import date
from uuid import UUID

from services.programme.journey import service as journeys
from services.programme.leftover.domain import Leftover
from services.programme.right import service as rights
from services.programme.withdrawal import domain, store
from services.programme.withdrawal.domain import Withdrawal
from shared.database import Tx

SHOWN = 30


async def record_scores(tx: Tx, journey_id: UUID, scores: list[Withdrawal], date_reason: str | None) -> None:
    """At any stage, in any order; only new or changed days are told. Raises Refused, NotFound. Source: mission row 002-38."""
    found = await rights.lock_held(tx, journey_id)
    journey = found.journey
    is_anothers = await store.has_of_another(tx, journey_id, scores, rights.is_alone(journey))
    domain.check_scores(scores, journeys.days(tx, found), date_reason, is_anothers)
    tx.append(journey.person_id, *domain.scored(journey, await store.save_scores(tx, journey_id, scores, date_reason)))


async def find(tx: Tx, journey_id: UUID, day: date) -> tuple[Withdrawal, UUID | None] | None:
    """The score of a day and who entered it. Call under the journey's lock."""
    return await store.find_score(tx, journey_id, day)


async def remove(tx: Tx, journey_id: UUID, day: date) -> None:
    """There is none of that day. Nobody keeps what was told of it."""
    await store.delete_score(tx, journey_id, day)


async def stay_gone(tx: Tx, journey_id: UUID, left: Leftover) -> list[Withdrawal]:
    """A stay or the journey never was; answers the days that went with it. Call under the journey's lock."""
    kept = await store.list_all(tx, journey_id)
    gone = [score for score, entered_by in kept if left.is_gone(entered_by)]
    for score in gone:
        await remove(tx, journey_id, score.on)
    return gone


async def list_latest(tx: Tx, journey_id: UUID) -> list[Withdrawal]:
    return await store.list_latest(tx, journey_id, SHOWN)
