"""What can be asked of contacts: add, look up, list, change the language. A contact's token has the contact's id as its `sub`."""

from uuid import UUID

from services.family.contact import store
from services.family.contact.domain import Contact
from services.family.person import service as persons
from shared.database import Tx
from shared.errors import NotFound
from shared.identity import Caller


async def add_contact(tx: Tx, contact: Contact) -> None:
    """Raises as `must_be_assigned` does; the person's lock makes an erasure and this one follow each other. Source: mission row 002-23."""
    await persons.must_be_assigned(tx, contact.person_id, may_retry=True)
    await persons.lock_living(tx, contact.person_id)
    await store.insert_contact(tx, contact)
    if contact.addresses:
        await store.insert_addresses(tx, contact)


async def list_contacts(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Contact]:
    await persons.must_be_assigned(tx, person_id)
    tx.audit("read-contacts", person_id)
    return await store.list_contacts(tx, person_id, after, limit + 1)


async def get_contact(tx: Tx, contact_id: UUID) -> Contact:
    """The contact, for itself or for those its family is assigned to; NotFound("contact") for everybody else."""
    contact = await store.get_contact(tx, contact_id)
    await _must_see(tx, contact)
    return contact


async def lock_contact(tx: Tx, contact_id: UUID) -> Contact:
    """As `get_contact`, with the row locked until the transaction ends."""
    contact = await store.lock_contact(tx, contact_id)
    await _must_see(tx, contact)
    return contact


async def change_language(tx: Tx, contact_id: UUID, language: str) -> None:
    await lock_contact(tx, contact_id)
    await store.save_language(tx, contact_id, language)


async def find_linked(tx: Tx, contact_id: UUID | None) -> Contact | None:
    """The contact behind a link if the caller may use that link, else None: whoever asks cannot tell why. Source: OUR-05."""
    contact = await store.find_contact(tx, contact_id) if contact_id else None
    if contact is None:
        return None
    try:
        await _must_see(tx, contact)
    except NotFound:
        return None
    return contact


async def find_unchecked(tx: Tx, contact_id: UUID) -> Contact | None:
    """The contact for the service's own work, such as sending; never for an answer to a caller."""
    return await store.find_contact(tx, contact_id)


def id_of(caller: Caller) -> UUID | None:
    """The contact a token speaks for; None for a token of another role or with a `sub` that is no id."""
    if not caller.has("contact"):
        return None
    try:
        return UUID(caller.sub)
    except ValueError:
        return None


async def merge(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await store.save_merged(tx, person_id, into_id)


async def erase(tx: Tx, person_id: UUID) -> None:
    await store.delete_contacts(tx, person_id)


async def _must_see(tx: Tx, contact: Contact) -> None:
    if id_of(tx.caller) == contact.contact_id:
        return
    try:
        await persons.must_be_assigned(tx, contact.person_id)
    except NotFound as error:
        raise NotFound("contact") from error
