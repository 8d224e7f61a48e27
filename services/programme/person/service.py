"""What is heard of persons and consents, what is asked of them, and the list of disclosures."""

from uuid import UUID

from services.programme.person import store
from services.programme.person.domain import Known
from services.programme.settings import settings
from shared import business_dates
from shared.database import Record, Tx
from shared.errors import NotFound, NotYetKnown
from shared.events.referral import (
    ConsentGiven,
    ConsentRevoked,
    EmergencyAccessGiven,
    PersonDied,
    PersonErased,
    PersonMerged,
    PersonRegistered,
)


async def lock(tx: Tx, person_id: UUID) -> Known:
    """Lock the person's row. Raises NotYetKnown where none was heard of, NotFound for a person that was erased or merged into another."""
    row = await store.lock_person(tx, person_id)
    if row is None:
        raise NotYetKnown("person_id", "referral")
    if row["erased_on"] is not None or row["merged_into_id"] is not None:
        raise NotFound("person")
    return Known(row["new_id"], row["organisation_id"], row["died_on"])


async def hear(tx: Tx, person_id: UUID) -> None:
    """Lock the person's row, whatever is known of it."""
    await store.touch_person(tx, person_id)


async def register(tx: Tx, event: PersonRegistered) -> None:
    await store.save_person(tx, event)


async def come_of_age(tx: Tx, person_id: UUID) -> None:
    await store.save_majority(tx, person_id)


async def die(tx: Tx, event: PersonDied) -> None:
    await store.save_death(tx, event.person_id, event.on)


async def live_again(tx: Tx, person_id: UUID) -> None:
    await store.save_reversal(tx, person_id)


async def merge(tx: Tx, event: PersonMerged) -> None:
    await store.save_merge(tx, event.person_id, event.into_id)


async def erase(tx: Tx, event: PersonErased) -> None:
    await store.save_tombstone(tx, event.person_id, event.on)


async def give_consent(tx: Tx, event: ConsentGiven) -> None:
    await store.save_consent(tx, event)


async def revoke_consent(tx: Tx, event: ConsentRevoked) -> None:
    await store.save_revocation(tx, event.consent_id, event.person_id)


async def find_valid_consent(tx: Tx, person_id: UUID, *scopes: str) -> UUID | None:
    """Checked at `tx.now`, when the thing is shown; the last day ends where the organisations are. Source: privacy section 4."""
    return await store.find_valid_consent(tx, person_id, scopes, business_dates.today(tx.now, settings()))


async def open_emergency(tx: Tx, event: EmergencyAccessGiven) -> None:
    await store.save_emergency_access(tx, event)


async def has_emergency_access(tx: Tx, person_id: UUID) -> bool:
    """Whether the caller's organisation has one that has not ended by `tx.now`. Source: privacy section 1."""
    return await store.has_emergency_access(tx, person_id, tx.now)


async def disclose(tx: Tx, person_id: UUID, journey_id: UUID, consent_id: UUID | None, what: str) -> None:
    """`consent_id` None: under emergency access."""
    await store.insert_disclosure(tx, person_id, journey_id, consent_id, what)


async def list_disclosures(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Record]:
    return await store.list_disclosures(tx, person_id, after, limit + 1)
