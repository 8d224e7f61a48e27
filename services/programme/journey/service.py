"""What can be asked of a journey: to be opened, found, listed; and the lock and the right that every command on it takes first."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from services.programme.concern import service as concerns
from services.programme.day.domain import Days
from services.programme.journey import domain, store
from services.programme.journey import opening as openings
from services.programme.journey.domain import Found, Journey
from services.programme.journey.opening import Opening
from services.programme.organisation import service as organisations
from services.programme.pathway import service as pathways
from services.programme.person import service as persons
from services.programme.settings import settings
from shared import business_dates
from shared.database import Tx
from shared.errors import NotFound, NotYetKnown
from shared.events import Event
from shared.events.programme import StageCompleted, StageLeft
from shared.events.referral import ReferralAnswered

Named = tuple[str, UUID | None]
"""An organisation and the field of the command that names it."""


def latest_day(tx: Tx) -> date:
    """Today where the organisations are; what people enter may not lie after it."""
    return business_dates.today(tx.now, settings())


def days(tx: Tx, found: Found) -> Days:
    """What bounds the dates that are entered on a journey."""
    return found.days(latest_day(tx))


def organisation_of(tx: Tx) -> UUID:
    """The organisation the caller acts for; the policies of meso routes see to it that there is one. Raises NotFound."""
    if tx.caller.organisation_id is None:
        raise NotFound("organisation")
    return tx.caller.organisation_id


async def open_journey(tx: Tx, pathway_code: str, opening: Opening) -> Journey:
    """Raises Refused, NotFound for an erased or foreign person or an absent pathway, NotYetKnown."""
    person = await persons.lock(tx, opening.person_id)
    opening = opening._replace(by_acceptance=not await _relates(tx, pathway_code, opening, person.registered_by))
    pathway = await pathways.current(tx, pathway_code)
    await organisations.must_be_known(tx, opening.organisation_id)
    bounds = Days(latest_day(tx), person.died_on, is_imported=opening.imported)
    journey, events = openings.open_journey(person.new_id, pathway, opening, bounds)
    await store.insert_journey(tx, journey)
    tx.append(journey.person_id, *events)
    return journey


async def _relates(tx: Tx, pathway: str, opening: Opening, registered_by: UUID | None) -> bool:
    """Whether the opener has the case itself; if not, it opens by an acceptance on the pathway. Raises NotFound.

    Call with the person's row locked.
    """
    earlier = await store.list_of_person(tx, opening.person_id)
    if openings.relates(opening.organisation_id, registered_by, earlier):
        return True
    if not await store.has_accepted(tx, opening.person_id, opening.organisation_id, pathway):
        raise NotFound("person")
    return False


async def lock(tx: Tx, journey_id: UUID, naming: Named = ("", None)) -> Found:
    """Lock a journey the caller is a party to. Raises NotFound, also for a foreign one, and NotYetKnown for an organisation named."""
    field, named = naming
    found = _seen(tx, await store.lock_journey(tx, journey_id, named))
    if named is not None and found.organisation_kind is None:
        raise NotYetKnown(field, organisations.TOLD_BY)
    return found


async def get(tx: Tx, journey_id: UUID) -> Found:
    """A journey the caller is a party to; raises NotFound, also for a foreign one."""
    return _seen(tx, await store.get_journey(tx, journey_id))


def _seen(tx: Tx, found: Found) -> Found:
    """Whoever was merely named as the next one is no party."""
    own = found.accepted or tx.caller.organisation_id in set(found.journey.organisations())
    if not (own or tx.caller.is_process):
        raise NotFound("journey")
    tx.about.add(found.journey.person_id)
    return found


async def save(tx: Tx, journey: Journey, *parties: UUID | None) -> None:
    await store.save_journey(tx, journey, *parties)


async def correct(tx: Tx, journey: Journey) -> None:
    """Save what was corrected. Who has no part in the journey any more is no party to it."""
    await store.save_journey(tx, journey)
    await store.keep_parties(tx, journey.journey_id, set(journey.organisations()))


def tell(tx: Tx, stood: Found, events: Iterable[Event]) -> None:
    """Append facts of a journey. `stood`: it before them; of who does not have the person any more they ask nobody.

    Ends that a system brings from outside tell the past as it was.
    """
    quiet = not (tx.caller.is_process or domain.asks(stood, tx.caller.organisation_id))
    tx.append(stood.journey.person_id, *(_asking_nobody(event, tx.caller.has("system")) if quiet else event for event in events))


def _asking_nobody(event: Event, by_system: bool) -> Event:
    is_past = by_system and isinstance(event, StageCompleted | StageLeft) and event.imported
    return event if is_past or "asks_nobody" not in type(event).model_fields else event.model_copy(update={"asks_nobody": True})


async def list_journeys(tx: Tx, status: str | None, after: UUID, limit: int) -> list[Found]:
    return await store.list_journeys(tx, organisation_of(tx), status, after, limit + 1)


async def count_concerns(tx: Tx, journey: Journey) -> int:
    """Of the person: those that wait for an answer."""
    return await concerns.count_open(tx, journey.person_id)


async def admit(tx: Tx, event: ReferralAnswered) -> None:
    """An organisation accepted a referral, which gives a right to nobody else: it may act on the journey, or on all of the person's
    on that pathway where none was named.
    """
    await store.remove_parties(tx, event.referral_id, event.organisation_id)
    if event.journey_id is not None:
        await store.insert_party(tx, event)
    else:
        await persons.hear(tx, event.person_id)
        await store.insert_party_of_person(tx, event)


async def dismiss(tx: Tx, referral_id: UUID, but: UUID | None = None) -> None:
    """A referral gives no right any more, except to `but`; a stay that came of it keeps its own."""
    await store.remove_parties(tx, referral_id, but)


async def merge(tx: Tx, person_id: UUID) -> None:
    """The person goes on under another pseudonym: nobody opens or takes over anything under this one; stays keep their rights."""
    await store.remove_parties_of_person(tx, person_id)


async def accepted_stages(tx: Tx, journey_id: UUID) -> list[int]:
    """The stages for which anybody has accepted the person, as far as heard."""
    return await store.list_accepted_stages(tx, journey_id)


async def ids_of(tx: Tx, person_id: UUID) -> list[UUID]:
    return await store.list_ids_of_person(tx, person_id)


async def erase(tx: Tx, person_id: UUID) -> None:
    await store.save_erasure(tx, person_id)
