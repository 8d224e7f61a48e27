"""Showing who a person is: to itself, to who registered it, under a valid consent or in an emergency. To others no consent and no data
look alike.
"""

from uuid import UUID

from services.referral.consent import service as consents
from services.referral.disclosure import domain, store
from services.referral.disclosure.domain import EMERGENCY_NOTICE, REDISCLOSURE_NOTICE, Disclosure, Identity, PersonView
from services.referral.emergency import service as emergencies
from services.referral.person import service as persons
from services.referral.person.domain import CategoryEntry, Person
from services.referral.relation import domain as rights
from services.referral.relation import service as relations
from shared.database import Tx


async def show_person(tx: Tx, person_id: UUID) -> PersonView:
    """Raises NotFound("person") without a case relation."""
    await relations.must(tx, "read-person", person_id)
    person = await persons.get_person(tx, person_id)
    tx.audit("read-person", person_id)
    found = await relations.find_relations(tx, person_id)
    who = await _identity(tx, person, "person")
    return domain.view(person, persons.period_today(tx, person), who, lambda action: rights.may(action, found))


async def list_persons(tx: Tx, after: UUID, limit: int) -> list[PersonView]:
    """The persons the caller's organisation registered."""
    found = await persons.list_persons(tx, after, limit)
    return [domain.view(p, persons.period_today(tx, p), domain.identity(p, None), lambda action: True) for p in found]


async def list_category_entries(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[CategoryEntry]:
    """As far as the caller may know who the person is; else its own. Raises NotFound("person") without a case relation."""
    await relations.must(tx, "read-person", person_id)
    person = await persons.get_person(tx, person_id)
    tx.audit("read-person", person_id)
    by = None if await _identity(tx, person, "categories") else tx.caller.organisation_id
    return await persons.list_category_entries(tx, person_id, by, after, limit + 1)


async def find_identity(tx: Tx, person_id: UUID, what: str) -> Identity | None:
    """Who the person is, as far as the caller may know now; None for unknown and for not permitted alike."""
    person = await _find_whole(tx, person_id)
    return await _identity(tx, person, what) if person else None


async def find_shared(tx: Tx, person_id: UUID, what: str) -> Identity | None:
    """The same for who has no relation yet: nothing but what a consent lets be told."""
    person = await _find_whole(tx, person_id)
    return await _under_consent(tx, person, what) if person else None


async def _find_whole(tx: Tx, person_id: UUID) -> Person | None:
    person = await persons.find_person(tx, person_id)
    return None if person is None or person.erased_on is not None else await persons.get_person(tx, person_id)


async def _identity(tx: Tx, person: Person, what: str) -> Identity | None:
    if await relations.may(tx, "see-identity", person.person_id):
        return domain.identity(person, None)
    return await _under_consent(tx, person, what) or await _in_emergency(tx, person, what)


async def _under_consent(tx: Tx, person: Person, what: str) -> Identity | None:
    organisation_id = tx.caller.organisation_id
    consent_id = await consents.lock_valid(tx, person.person_id, organisation_id) if organisation_id else None
    if organisation_id is None or consent_id is None:
        return None
    await store.insert_disclosure(tx, person.person_id, organisation_id, what, consent_id=consent_id)
    return domain.identity(person, REDISCLOSURE_NOTICE)


async def _in_emergency(tx: Tx, person: Person, what: str) -> Identity | None:
    organisation_id = tx.caller.organisation_id
    access_id = await emergencies.find_running(tx, person.person_id)
    if organisation_id is None or access_id is None:
        return None
    await store.insert_disclosure(tx, person.person_id, organisation_id, what, emergency_access_id=access_id)
    return domain.identity(person, EMERGENCY_NOTICE)


async def list_disclosures(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Disclosure]:
    """Whom the person was shown to: for the person and for who registered it. Source: privacy section 4."""
    await relations.must(tx, "list-disclosures", person_id)
    await persons.get_person(tx, person_id)
    tx.audit("read-disclosures", person_id)
    return await store.list_disclosures(tx, person_id, after, limit + 1)
