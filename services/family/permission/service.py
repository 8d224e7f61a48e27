"""What can be asked of permissions: give one, revoke one and learn what that stopped."""

from dataclasses import dataclass
from uuid import UUID

from services.family.channel import service as channels
from services.family.contact import service as contacts
from services.family.message import service as messages
from services.family.permission import domain, store
from services.family.permission.domain import Giving, Permission
from services.family.person import service as persons
from services.family.settings import settings
from shared.business_dates import is_unlikely, today, unmet
from shared.database import Tx
from shared.errors import NotFound


@dataclass(frozen=True)
class Stopped:
    """What a revocation stopped, and what was claimed before it and is not known to be sent yet."""

    stopped: tuple[UUID, ...]
    claimed: tuple[UUID, ...]


async def give_permission(tx: Tx, permission: Permission) -> None:
    """Raises NotFound("contact"), NotYetKnown or Refused("permission-not-givable"). Source: privacy section 4.

    Locks go person, contact, permission, message everywhere in this service.
    """
    contact = await contacts.get_contact(tx, permission.contact_id, "change-circle")
    life_period = await persons.lock_of_known_age(tx, contact.person_id)
    await contacts.lock_contact(tx, permission.contact_id, "change-circle")
    latest = today(tx.now, settings())
    unlikely = is_unlikely(permission.given_on, latest) and permission.reason is None
    giving = Giving(
        today=latest,
        life_period=life_period,
        givers=settings().may_consent[life_period],
        by_the_person=tx.caller.has("person"),
        guardian_valid=await store.is_guardian(tx, permission.guardian_id, contact.person_id, permission.given_on),
        dates={**unmet(permission.given_on, latest), "reason-for-an-unlikely-date": unlikely},
        lacking=channels.list_lacking(permission.channels, contact.addresses),
    )
    domain.must_be_givable(permission, giving)
    await store.insert_permission(tx, permission)


async def list_permissions(tx: Tx, contact_id: UUID) -> list[Permission]:
    contact = await contacts.get_contact(tx, contact_id, "read-circle")
    tx.audit("read-permissions", contact.person_id)
    return await store.list_permissions(tx, contact_id)


async def revoke_permission(tx: Tx, contact_id: UUID, permission_id: UUID) -> Stopped:
    """Effective on commit: no message is claimed under this permission afterwards. Raises NotFound.

    The contact's lock makes two revocations follow each other; the permission's own waits for a claim that holds it.
    A message stays when another permission of the contact still covers it. Source: privacy section 4.
    """
    await contacts.lock_contact(tx, contact_id, "change-circle")
    if await store.save_revoked(tx, contact_id, permission_id) is None:
        raise NotFound("permission")
    stopped = await messages.stop_unpermitted(tx, contact_id, "permission-revoked")
    return Stopped(tuple(stopped), tuple(await messages.list_claimed(tx, contact_id)))


async def end_of_contact(tx: Tx, contact_id: UUID, reason: str) -> None:
    """The contact may be told nothing any more. The person's and the contact's locks are held."""
    await store.end_of_contact(tx, contact_id)
    await messages.stop_unpermitted(tx, contact_id, reason)


async def come_of_age(tx: Tx, person_id: UUID) -> None:
    """An adult decides alone: what a guardian gave ends, also what the minor and the guardian gave together.

    For an adult it could not be given either; the person may give it anew. Source: mission rows 000-24, 000-25.
    """
    for contact_id in await store.end_of_guardians(tx, person_id, "came-of-age"):
        await messages.stop_unpermitted(tx, contact_id, "came-of-age")


async def end_of_guardian(tx: Tx, guardian_id: UUID) -> None:
    """A guardian is one no more: what this one gave, or took part in, ends; another may give it anew."""
    for contact_id in await store.end_of_guardian(tx, guardian_id, "guardian-ended"):
        await messages.stop_unpermitted(tx, contact_id, "guardian-ended")
