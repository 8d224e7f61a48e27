"""What can be asked of contacts: add, look up, list, change the language. A contact's token has the contact's id as its `sub`."""

from uuid import UUID

from services.family.contact import store
from services.family.contact.domain import Contact, ErrorReason
from services.family.organisation import service as organisations
from services.family.person import service as persons
from services.family.person.domain import RIGHTS, Action
from shared.database import Tx
from shared.errors import NotFound, Refused
from shared.identity import Caller


async def add_contact(tx: Tx, contact: Contact) -> None:
    """Raises as `must_relate` and `must_be_known` do; by the person's lock an erasure and this one follow each other.

    Source: mission row 002-23.
    """
    await persons.must_relate(tx, contact.person_id, "change-circle", may_retry=True)
    await organisations.must_be_known(tx, contact.organisation_id)
    await persons.lock_living(tx, contact.person_id)
    await store.insert_contact(tx, contact)
    if contact.addresses:
        await store.insert_addresses(tx, contact)


async def list_contacts(tx: Tx, person_id: UUID, in_error: bool, after: UUID, limit: int) -> list[Contact]:
    """Those that stand, or those that were entered in error."""
    await persons.must_relate(tx, person_id, "read-circle")
    tx.audit("read-contacts", person_id)
    return await store.list_contacts(tx, person_id, in_error, after, limit + 1)


async def get_contact(tx: Tx, contact_id: UUID, action: Action) -> Contact:
    """The contact for who may do this, itself included where the table says so; NotFound("contact") for everybody else.

    Raises Refused("contact-entered-in-error") for all but reading one that was.
    """
    contact = await store.get_contact(tx, contact_id)
    await _must_relate(tx, contact, action)
    return contact


async def lock_contact(tx: Tx, contact_id: UUID, action: Action) -> Contact:
    """As `get_contact`, with the row locked until the transaction ends."""
    contact = await store.lock_contact(tx, contact_id)
    await _must_relate(tx, contact, action)
    return contact


async def change_language(tx: Tx, contact_id: UUID, language: str) -> None:
    await lock_contact(tx, contact_id, "choose-language")
    await store.save_language(tx, contact_id, language)


async def get_to_withdraw(tx: Tx, contact_id: UUID) -> Contact:
    """For who has the family's case, and for who entered it while it may change the circle, the person too. Raises NotFound("contact")."""
    contact = await store.get_contact(tx, contact_id)
    organisation_id = persons.organisation_of(tx.caller)
    if persons.is_person(tx.caller, contact.person_id):
        entered_it = tx.caller.sub == contact.added_by
    else:
        entered_it = organisation_id is not None and organisation_id == contact.added_by_organisation_id
    may_withdraw = await persons.may(tx, contact.person_id, "withdraw-contact")
    if not may_withdraw and not (entered_it and await persons.may(tx, contact.person_id, "change-circle")):
        raise NotFound("contact")
    tx.about.add(contact.person_id)
    return contact


async def enter_in_error(tx: Tx, contact_id: UUID, reason: ErrorReason) -> bool:
    """Whether that is news; the first reason stays. The right was checked, and the person's lock is held."""
    contact = await store.lock_contact(tx, contact_id)
    if contact.error_at is None:
        await store.save_error(tx, contact_id, reason)
    return contact.error_at is None


async def find_unchecked(tx: Tx, contact_id: UUID) -> Contact | None:
    """The contact for the service's own work, such as sending; never for an answer to a caller."""
    return await store.find_contact(tx, contact_id)


def id_of(caller: Caller) -> UUID | None:
    """The contact a token speaks for; None for a token of another role or with a `sub` that is no id."""
    if not caller.has("contact"):
        return None
    return caller.own_id


async def merge(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await store.save_merged(tx, person_id, into_id)


async def erase(tx: Tx, person_id: UUID) -> None:
    await store.delete_contacts(tx, person_id)


async def relates(tx: Tx, stream_id: UUID) -> bool:
    """Whether the caller has a relation to the person or organisation of this stream, also as one of the person's contacts."""
    if await persons.relates(tx, stream_id):
        return True
    own_id = id_of(tx.caller)
    own = await store.find_contact(tx, own_id) if own_id else None
    return own is not None and own.error_at is None and own.person_id == stream_id


async def _must_relate(tx: Tx, contact: Contact, action: Action) -> None:
    is_own = "contact" in RIGHTS[action] and id_of(tx.caller) == contact.contact_id and contact.error_at is None
    if not is_own and not await persons.may(tx, contact.person_id, action):
        raise NotFound("contact")
    tx.about.add(contact.person_id)
    if contact.error_at is not None and action != "read-circle":
        raise Refused("contact-entered-in-error")
