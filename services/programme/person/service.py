"""What is heard of persons and consents, what is asked of them, and the list of disclosures."""

from uuid import UUID

from services.programme.person import store
from shared.database import Record, Tx
from shared.events.referral import ConsentGiven, ConsentRevoked, PersonDied, PersonErased, PersonMerged, PersonRegistered


async def lock(tx: Tx, person_id: UUID) -> UUID:
    """Lock the person's row, made where none was heard of; answers a new time-ordered id. Raises NotFound for an erased person."""
    return await store.lock_person(tx, person_id)


async def hear(tx: Tx, person_id: UUID) -> None:
    """Lock the person's row, whatever is known of it."""
    await store.touch_person(tx, person_id)


async def register(tx: Tx, event: PersonRegistered) -> None:
    await store.save_person(tx, event)


async def find_registrar(tx: Tx, person_id: UUID) -> UUID | None:
    """Who registered the person; None where the registration, or who made it, was not told."""
    return await store.find_registrar(tx, person_id)


async def come_of_age(tx: Tx, person_id: UUID) -> None:
    await store.save_majority(tx, person_id)


async def die(tx: Tx, event: PersonDied) -> None:
    await store.save_death(tx, event.person_id, event.on)


async def merge(tx: Tx, event: PersonMerged) -> None:
    await store.save_merge(tx, event.person_id, event.into_id)


async def erase(tx: Tx, event: PersonErased) -> None:
    await store.save_tombstone(tx, event.person_id, event.on)


async def give_consent(tx: Tx, event: ConsentGiven) -> None:
    await store.save_consent(tx, event.consent_id, event.person_id, event.scope, event.to, event.until)


async def revoke_consent(tx: Tx, event: ConsentRevoked) -> None:
    await store.save_revocation(tx, event.consent_id, event.person_id)


async def find_valid_consent(tx: Tx, person_id: UUID, *scopes: str) -> UUID | None:
    """Checked at `tx.now`, when the thing is shown. Source: privacy section 4."""
    return await store.find_valid_consent(tx, person_id, scopes, tx.now.date())


async def disclose(tx: Tx, person_id: UUID, journey_id: UUID, consent_id: UUID, what: str) -> None:
    await store.insert_disclosure(tx, person_id, journey_id, consent_id, what)


async def list_disclosures(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Record]:
    return await store.list_disclosures(tx, person_id, after, limit + 1)
