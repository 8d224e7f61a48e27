"""All SQL about persons and consents as heard, and disclosures made."""

from datetime import date
from uuid import UUID

from shared.database import Record, Tx
from shared.errors import NotFound
from shared.events.referral import PersonRegistered

TOUCH = """
INSERT INTO person (person_id) VALUES ($1)
ON CONFLICT (person_id) DO UPDATE SET person_id = EXCLUDED.person_id
RETURNING erased_on, uuidv7() AS new_id
"""
REGISTERED = """
INSERT INTO person (person_id, region, life_period, organisation_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET region = EXCLUDED.region, life_period = EXCLUDED.life_period,
    organisation_id = coalesce(EXCLUDED.organisation_id, person.organisation_id)
WHERE person.erased_on IS NULL
"""
CAME_OF_AGE = """
INSERT INTO person (person_id, life_period) VALUES ($1, 'adult') ON CONFLICT (person_id) DO UPDATE SET life_period = EXCLUDED.life_period
"""
DIED = "INSERT INTO person (person_id, died_on) VALUES ($1, $2) ON CONFLICT (person_id) DO UPDATE SET died_on = EXCLUDED.died_on"
MERGED = """
INSERT INTO person (person_id, merged_into_id) VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE SET merged_into_id = EXCLUDED.merged_into_id
"""
ERASED = "INSERT INTO person (person_id, erased_on) VALUES ($1, $2) ON CONFLICT (person_id) DO UPDATE SET erased_on = EXCLUDED.erased_on"
GIVEN = """
INSERT INTO consent (consent_id, person_id, scope, to_organisation_id, until) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (consent_id) DO UPDATE
SET scope = EXCLUDED.scope, to_organisation_id = EXCLUDED.to_organisation_id, until = EXCLUDED.until
"""
REVOKED = """
INSERT INTO consent (consent_id, person_id, revoked) VALUES ($1, $2, true)
ON CONFLICT (consent_id) DO UPDATE SET revoked = true
"""
VALID = """
SELECT consent_id FROM consent
WHERE person_id = $1 AND to_organisation_id = $2 AND scope = ANY($3::text[]) AND NOT revoked AND (until IS NULL OR until >= $4)
ORDER BY consent_id LIMIT 1
"""
DISCLOSED = """
INSERT INTO disclosure (person_id, journey_id, consent_id, to_organisation_id, what, disclosed_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
DISCLOSURES = """
SELECT disclosure_id, journey_id, consent_id, to_organisation_id, what, disclosed_at FROM disclosure
WHERE person_id = $1 AND disclosure_id > $2 ORDER BY disclosure_id LIMIT $3
"""


async def touch_person(tx: Tx, person_id: UUID) -> Record | None:
    """Lock the person's row, made where none was heard of."""
    return await tx.connection.fetchrow(TOUCH, person_id)


async def lock_person(tx: Tx, person_id: UUID) -> UUID:
    """Lock the person's row; answers a new time-ordered id. Raises NotFound for an erased person."""
    row = await touch_person(tx, person_id)
    if row is None or row["erased_on"] is not None:
        raise NotFound("person")
    new_id: UUID = row["new_id"]
    return new_id


async def save_person(tx: Tx, event: PersonRegistered) -> None:
    """A registrar once told stays."""
    await tx.connection.execute(REGISTERED, event.person_id, event.region, event.life_period, event.organisation_id)


async def find_registrar(tx: Tx, person_id: UUID) -> UUID | None:
    """Who registered the person; None where the registration, or who made it, was not told."""
    found: UUID | None = await tx.connection.fetchval("SELECT organisation_id FROM person WHERE person_id = $1", person_id)
    return found


async def save_majority(tx: Tx, person_id: UUID) -> None:
    await tx.connection.execute(CAME_OF_AGE, person_id)


async def save_death(tx: Tx, person_id: UUID, on: date) -> None:
    await tx.connection.execute(DIED, person_id, on)


async def save_merge(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await tx.connection.execute(MERGED, person_id, into_id)


async def save_tombstone(tx: Tx, person_id: UUID, on: date) -> None:
    await tx.connection.execute(ERASED, person_id, on)


async def save_consent(tx: Tx, consent_id: UUID, person_id: UUID, scope: str, to: UUID, until: date | None) -> None:
    """A revocation heard earlier stays."""
    await tx.connection.execute(GIVEN, consent_id, person_id, scope, to, until)


async def save_revocation(tx: Tx, consent_id: UUID, person_id: UUID) -> None:
    await tx.connection.execute(REVOKED, consent_id, person_id)


async def find_valid_consent(tx: Tx, person_id: UUID, scopes: tuple[str, ...], on: date) -> UUID | None:
    """A consent under which the caller's organisation may see one of `scopes` on that day."""
    found: UUID | None = await tx.connection.fetchval(VALID, person_id, tx.caller.organisation_id, list(scopes), on)
    return found


async def insert_disclosure(tx: Tx, person_id: UUID, journey_id: UUID, consent_id: UUID, what: str) -> None:
    await tx.connection.execute(DISCLOSED, person_id, journey_id, consent_id, tx.caller.organisation_id, what, tx.now)


async def list_disclosures(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Record]:
    return list(await tx.connection.fetch(DISCLOSURES, person_id, after, limit))
