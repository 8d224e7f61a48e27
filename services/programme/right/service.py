"""The right that a command or a query on a journey takes: lock or find the journey, then ask what the relation allows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from services.programme.journey import service as journeys
from services.programme.journey.domain import Found, Journey, Spell
from services.programme.journey.service import Named
from services.programme.right import domain, store
from services.programme.right.domain import Sight
from shared.database import Tx
from shared.errors import NotFound, Refused


@asynccontextmanager
async def locked(tx: Tx, journey_id: UUID, naming: Named = ("", None)) -> AsyncIterator[Found]:
    """The journey under its lock. Who lost the person is refused without being told what came later. Raises as `journeys.lock` does."""
    found = await journeys.lock(tx, journey_id, naming)
    try:
        yield found
    except Refused as refused:
        if seen(tx, found).is_whole:
            raise
        raise domain.told_to_former(refused) from None


async def lock_held(tx: Tx, journey_id: UUID) -> Found:
    """Lock a journey the caller holds. Raises NotFound for a foreign one, Refused for one that another organisation holds."""
    found = await journeys.lock(tx, journey_id)
    domain.must_hold(found.journey, tx.caller.organisation_id)
    return found


@asynccontextmanager
async def locked_to_complete(tx: Tx, journey_id: UUID) -> AsyncIterator[Found]:
    """The same, of a journey that the caller may complete. Raises NotFound, Refused."""
    async with locked(tx, journey_id) as found:
        domain.must_complete(found.journey, tx.caller.organisation_id)
        yield found


async def lock_decided(tx: Tx, journey_id: UUID, stage: int) -> Found:
    """Lock a journey in which the caller may skip or reopen this stage. Raises NotFound, Refused."""
    found = await journeys.lock(tx, journey_id)
    domain.must_decide(found, tx.caller.organisation_id, stage)
    return found


async def lock_to_start(tx: Tx, journey_id: UUID, stage: int) -> Found:
    """Lock a journey in which the caller may start this stage. Raises NotFound, Refused, NotYetKnown."""
    found = await journeys.lock(tx, journey_id, ("organisation_id", tx.caller.organisation_id))
    domain.must_start(found, tx.caller.organisation_id, stage)
    return found


def seen(tx: Tx, found: Found) -> Sight:
    """What the caller sees of a journey that is loaded."""
    return domain.sight(found, tx.caller.organisation_id)


async def get_sight(tx: Tx, journey_id: UUID) -> Sight:
    """What the caller sees of a journey; raises NotFound for a foreign one."""
    return seen(tx, await journeys.get(tx, journey_id))


async def get_whole(tx: Tx, journey_id: UUID) -> Found:
    """A journey that the caller holds, or accepted a referral for; raises NotFound for others, former holders too."""
    found = await journeys.get(tx, journey_id)
    must_be_whole(domain.sight(found, tx.caller.organisation_id))
    return found


async def get_delivered(tx: Tx, journey_id: UUID) -> Sight:
    """The same, for who opened the journey or had a stay in it; an acceptance shows nothing of it. Raises NotFound for others."""
    found = await journeys.get(tx, journey_id)
    tx.caller.must_be_one_of("journey", *found.journey.organisations())
    return domain.sight(found._replace(accepted=()), tx.caller.organisation_id)


async def list_sights(tx: Tx, status: str | None, after: UUID, limit: int) -> list[Sight]:
    """Journeys by id, as far as the caller sees them, one more than `limit`."""
    found = await journeys.list_journeys(tx, status, after, limit)
    return [domain.sight(one, tx.caller.organisation_id) for one in found]


async def count_concerns(tx: Tx, sight: Sight) -> int | None:
    """Concerns that wait for an answer, for the holder; None for others."""
    if not domain.is_holder(sight.journey, tx.caller.organisation_id) or not sight.is_whole:
        return None
    return await journeys.count_concerns(tx, sight.journey)


def used_by(found: Found, stage: int) -> tuple[UUID, ...]:
    """The referrals that the caller's start of this stage uses."""
    return domain.used_by(found, stage)


def may_report_death(tx: Tx, found: Found) -> bool:
    return domain.may_report_death(found, tx.caller.organisation_id)


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


async def relates(tx: Tx, stream_id: UUID) -> bool:
    """Whether the caller has a relation to this person or organisation, as far as this service heard. Source: contracts section 3."""
    caller = tx.caller
    if caller.level == "micro":
        return caller.has("person") and caller.own_id == stream_id
    if caller.organisation_id is None or caller.level != "meso":
        return False
    return caller.organisation_id == stream_id or await store.has_relation(tx, stream_id, caller.organisation_id)
