"""Showing who a person is: to itself, to who registered it, and under a valid consent; everybody else sees what no data look like."""

from uuid import UUID

from services.referral.consent import service as consents
from services.referral.disclosure import domain, store
from services.referral.disclosure.domain import Disclosure, Identity, PersonView
from services.referral.person import service as persons
from services.referral.person.domain import Person
from shared.database import Tx
from shared.errors import NotFound


async def show_person(tx: Tx, person_id: UUID) -> PersonView:
    """Raises NotFound("person") without a case relation."""
    await persons.must_relate(tx, person_id)
    person = await persons.get_person(tx, person_id)
    tx.audit("read-person", person_id)
    return domain.view(person, persons.period_today(tx, person), await _identity(tx, person, "person"))


async def list_persons(tx: Tx, after: UUID, limit: int) -> list[PersonView]:
    """The persons the caller's organisation registered."""
    found = await persons.list_persons(tx, after, limit)
    return [domain.view(person, persons.period_today(tx, person), domain.identity(person, under_consent=False)) for person in found]


async def find_identity(tx: Tx, person_id: UUID, what: str) -> Identity | None:
    """Who the person is, as far as the caller may know now; None for unknown and for not permitted alike."""
    person = await persons.find_person(tx, person_id)
    if person is None or person.erased_on is not None:
        return None
    return await _identity(tx, await persons.get_person(tx, person_id), what)


async def _identity(tx: Tx, person: Person, what: str) -> Identity | None:
    organisation_id = tx.caller.organisation_id
    if persons.own_id(tx) == person.person_id or organisation_id == person.registered_by:
        return domain.identity(person, under_consent=False)
    consent_id = await consents.lock_valid(tx, person.person_id, organisation_id) if organisation_id else None
    if organisation_id is None or consent_id is None:
        return None
    await store.insert_disclosure(tx, person.person_id, consent_id, organisation_id, what)
    return domain.identity(person, under_consent=True)


async def list_disclosures(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Disclosure]:
    """Whom the person was shown to: for the person and for who registered it. Source: privacy section 4."""
    await persons.must_relate(tx, person_id)
    person = await persons.get_person(tx, person_id)
    if persons.own_id(tx) != person_id and tx.caller.organisation_id != person.registered_by:
        raise NotFound("person")
    tx.audit("read-disclosures", person_id)
    return await store.list_disclosures(tx, person_id, after, limit + 1)
