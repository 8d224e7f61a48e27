"""The right that a command or a query on a journey takes: lock or find the journey, then ask what the relation allows."""

from uuid import UUID

from services.programme.journey import service as journeys
from services.programme.journey.domain import Found, Journey, Spell
from services.programme.right import domain
from services.programme.right.domain import Sight
from shared.database import Tx
from shared.errors import NotFound


async def lock_held(tx: Tx, journey_id: UUID) -> Found:
    """Lock a journey the caller holds. Raises NotFound for a foreign one, Refused for one that another organisation holds."""
    found = await journeys.lock(tx, journey_id)
    domain.must_hold(found.journey, tx.caller.organisation_id)
    return found


async def lock_decided(tx: Tx, journey_id: UUID) -> Found:
    """Lock a journey whose stages the caller may skip or reopen. Raises NotFound, Refused."""
    found = await journeys.lock(tx, journey_id)
    domain.must_decide(found, tx.caller.organisation_id)
    return found


async def lock_to_start(tx: Tx, journey_id: UUID, stage: int) -> Found:
    """Lock a journey in which the caller may start this stage. Raises NotFound, Refused, Conflict while the caller is not yet known."""
    found = await journeys.lock(tx, journey_id, naming=tx.caller.organisation_id)
    domain.must_start(found, tx.caller.organisation_id, stage)
    return found


async def get_sight(tx: Tx, journey_id: UUID) -> Sight:
    """What the caller sees of a journey; raises NotFound for a foreign one."""
    return domain.sight(await journeys.get(tx, journey_id), tx.caller.organisation_id)


async def get_delivered(tx: Tx, journey_id: UUID) -> Sight:
    """The same, for who opened the journey or had a stay in it; raises NotFound for others, those who only accepted too."""
    found = await journeys.get(tx, journey_id)
    tx.caller.must_be_one_of("journey", *found.journey.organisations())
    whole = domain.is_holder(found.journey, tx.caller.organisation_id)
    return Sight(found.journey, True) if whole else domain.sight(found, tx.caller.organisation_id)


async def list_sights(tx: Tx, status: str | None, after: UUID, limit: int) -> list[Sight]:
    """Journeys by id, as far as the caller sees them, one more than `limit`."""
    found = await journeys.list_journeys(tx, status, after, limit)
    return [domain.sight(one, tx.caller.organisation_id) for one in found]


async def count_concerns(tx: Tx, sight: Sight) -> int | None:
    """Concerns that wait for an answer, for the holder; None for others."""
    if not domain.is_holder(sight.journey, tx.caller.organisation_id) or not sight.is_whole:
        return None
    return await journeys.count_concerns(tx, sight.journey)


def own_spells(tx: Tx, sight: Sight) -> list[Spell]:
    """The stays whose relapses and observations the caller reads: all, or a former holder's own."""
    return [spell for spell in sight.journey.spells if sight.is_whole or spell.organisation_id == tx.caller.organisation_id]


def is_alone(journey: Journey) -> bool:
    """Whether one organisation alone opened the journey and has all its stays."""
    return len(set(journey.organisations())) == 1


def must_be_whole(sight: Sight) -> None:
    """What has no day of entry is for those who see all. Raises NotFound."""
    if not sight.is_whole:
        raise NotFound("journey")
