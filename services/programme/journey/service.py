"""What can be asked of a journey: to be opened, found, listed; and the lock and the right that every command on it takes first."""

from datetime import date, timedelta
from uuid import UUID

from services.programme.concern import service as concerns
from services.programme.journey import domain, store
from services.programme.journey.domain import Found, Journey, Opening
from services.programme.organisation import service as organisations
from services.programme.pathway import service as pathways
from services.programme.person import service as persons
from shared.database import Tx
from shared.errors import NotFound
from shared.events.referral import ReferralAnswered

FARTHEST_EAST = timedelta(hours=14)


def latest_day(tx: Tx) -> date:
    """The latest date that is today anywhere; what people enter may not lie after it."""
    return (tx.now + FARTHEST_EAST).date()


def organisation_of(tx: Tx) -> UUID:
    """The organisation the caller acts for; the policies of meso routes see to it that there is one. Raises NotFound."""
    if tx.caller.organisation_id is None:
        raise NotFound("organisation")
    return tx.caller.organisation_id


async def open_journey(tx: Tx, pathway_code: str, opening: Opening) -> Journey:
    """Raises Refused, NotFound for an erased or foreign person or an absent pathway, Conflict for what is not yet known."""
    journey_id = await persons.lock(tx, opening.person_id)
    await _must_relate(tx, opening)
    pathway = await pathways.current(tx, pathway_code)
    await organisations.must_be_known(tx, opening.organisation_id)
    journey, events = domain.open_journey(journey_id, pathway, opening, latest_day(tx))
    await store.insert_journey(tx, journey)
    tx.append(journey.person_id, *events)
    return journey


async def _must_relate(tx: Tx, opening: Opening) -> None:
    """Who opens a journey needs a relation to the person. Raises NotFound, Conflict. Call with the person's row locked."""
    registrar = await persons.find_registrar(tx, opening.person_id)
    earlier = await store.list_of_person(tx, opening.person_id)
    if domain.relates(opening.organisation_id, registrar, earlier):
        return
    if await store.has_accepted(tx, opening.person_id, opening.organisation_id):
        return
    if registrar or earlier:
        raise NotFound("person")
    raise organisations.not_yet_known()


async def lock(tx: Tx, journey_id: UUID, naming: UUID | None = None) -> Found:
    """Lock a journey the caller is a party to. Raises NotFound, also for a foreign one, and Conflict when `naming` is not yet known."""
    found = _seen(tx, await store.lock_journey(tx, journey_id, naming))
    if naming is not None and found.organisation_kind is None:
        raise organisations.not_yet_known()
    return found


async def get(tx: Tx, journey_id: UUID) -> Found:
    """A journey the caller is a party to; raises NotFound, also for a foreign one."""
    return _seen(tx, await store.get_journey(tx, journey_id))


def _seen(tx: Tx, found: Found) -> Found:
    """Whoever was merely named as the next one is no party."""
    own = found.accepted or tx.caller.organisation_id in set(found.journey.organisations())
    if not (own or tx.caller.is_process):
        raise NotFound("journey")
    return found


async def save(tx: Tx, journey: Journey, *parties: UUID | None) -> None:
    await store.save_journey(tx, journey, *parties)


async def list_journeys(tx: Tx, status: str | None, after: UUID, limit: int) -> list[Found]:
    return await store.list_journeys(tx, organisation_of(tx), status, after, limit + 1)


async def count_concerns(tx: Tx, journey: Journey) -> int:
    """Of the person: those that wait for an answer."""
    return await concerns.count_open(tx, journey.person_id)


async def admit(tx: Tx, event: ReferralAnswered) -> None:
    """An organisation accepted a referral: it may act on the journey, or on all of the person's where none was named."""
    if event.journey_id is not None:
        await store.insert_party(tx, event)
    else:
        await persons.hear(tx, event.person_id)
        await store.insert_party_of_person(tx, event)


async def dismiss(tx: Tx, referral_id: UUID, but: UUID | None = None) -> None:
    """A referral gives no right any more, except to `but`; a stay that came of it keeps its own."""
    await store.remove_parties(tx, referral_id, but)


async def erase(tx: Tx, person_id: UUID) -> None:
    await store.save_erasure(tx, person_id)
