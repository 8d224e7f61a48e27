"""What can be asked of guardians: name one, end one, list them. With a guardianship ends what the guardian permitted."""

from uuid import UUID

from services.family.contact import service as contacts
from services.family.guardian import domain, store
from services.family.guardian.domain import Guardianship, Naming
from services.family.permission import service as permissions
from services.family.person import service as persons
from services.family.settings import settings
from shared.business_dates import today
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx
from shared.errors import NotFound
from shared.working_days import end_of

LAST_DAY = "guardian-last-day"


async def name_guardian(tx: Tx, guardianship: Guardianship) -> None:
    """Raises NotFound("contact"), NotYetKnown, Refused("guardian-not-possible").

    For organisations alone: neither the minor nor an assigned liaison says who answers for the minor. Source: privacy section 4.
    """
    contact_id = guardianship.contact_id
    contact = await contacts.get_contact(tx, contact_id, "name-guardian")
    life_period = await persons.lock_of_known_age(tx, contact.person_id)
    await contacts.lock_contact(tx, contact_id, "name-guardian")
    givers = settings().may_consent[life_period]
    naming = Naming(today(tx.now, settings()), givers, contact.majority, await store.has_lasting(tx, contact_id))
    domain.must_be_namable(guardianship.until, naming)
    await store.insert_guardianship(tx, guardianship)
    if guardianship.until is not None:
        await set_deadline(tx, LAST_DAY, guardianship.guardianship_id, end_of(guardianship.until))
    tx.append(contact.person_id, guardianship.named(contact.person_id))


async def end_guardian(tx: Tx, contact_id: UUID) -> None:
    """At once, with what the guardian permitted. Raises NotFound("contact"), NotFound("guardian") where none lasts."""
    contact = await contacts.get_contact(tx, contact_id, "name-guardian")
    await persons.lock_person(tx, contact.person_id)
    await contacts.lock_contact(tx, contact_id, "name-guardian")
    ended = await store.end_of_contact(tx, contact_id, "ended")
    if not ended:
        raise NotFound("guardian")
    await _end(tx, contact.person_id, ended)


async def end_of_contact(tx: Tx, person_id: UUID, contact_id: UUID) -> None:
    """If this contact was guardian, it is one no more. The person's and the contact's locks are held."""
    await _end(tx, person_id, await store.end_of_contact(tx, contact_id, "ended"))


async def end_of_last_day(tx: Tx, guardianship_id: UUID) -> None:
    """Its last day is over."""
    person_id = await store.find_person(tx, guardianship_id)
    if person_id is None:
        return
    await persons.lock_person(tx, person_id)
    await _end(tx, person_id, await store.end_one(tx, guardianship_id, "last-day-over"))


async def come_of_age(tx: Tx, person_id: UUID) -> None:
    """From majority nobody answers for the person: all guardianships end. Source: mission rows 000-24, 000-25."""
    ended = await store.end_of_person(tx, person_id, "came-of-age")
    for guardianship in ended:
        await meet_deadline(tx, LAST_DAY, subject_id=guardianship.guardianship_id)
        tx.append(person_id, guardianship.ended(person_id))
    await permissions.come_of_age(tx, person_id)


async def list_guardians(tx: Tx, person_id: UUID) -> list[Guardianship]:
    """Every guardianship of a person, ended ones too."""
    await persons.must_relate(tx, person_id, "read-circle")
    tx.audit("read-guardians", person_id)
    return await store.list_guardianships(tx, person_id)


async def _end(tx: Tx, person_id: UUID, ended: list[Guardianship]) -> None:
    for guardianship in ended:
        await permissions.end_of_guardian(tx, guardianship.contact_id)
        tx.append(person_id, guardianship.ended(person_id))
