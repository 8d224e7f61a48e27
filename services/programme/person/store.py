"""All SQL about persons and consents as heard, and disclosures made."""

from datetime import date, datetime
from uuid import UUID

from shared.database import Record, Tx
from shared.events.referral import ConsentGiven, EmergencyAccessGiven, PersonRegistered

TOUCH = "INSERT INTO person (person_id) VALUES ($1) ON CONFLICT (person_id) DO UPDATE SET person_id = EXCLUDED.person_id"
LOCK = """
SELECT organisation_id, died_on, merged_into_id, erased_on, uuidv7() AS new_id FROM person WHERE person_id = $1 FOR NO KEY UPDATE
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
REVERSED = """
INSERT INTO person (person_id, death_reversed) VALUES ($1, true)
ON CONFLICT (person_id) DO UPDATE SET died_on = NULL, death_reversed = true
"""
MERGED = """
INSERT INTO person (person_id, merged_into_id) VALUES ($1, $2)
ON CONFLICT (person_id) DO UPDATE SET merged_into_id = EXCLUDED.merged_into_id
"""
ERASED = "INSERT INTO person (person_id, erased_on) VALUES ($1, $2) ON CONFLICT (person_id) DO UPDATE SET erased_on = EXCLUDED.erased_on"
GIVEN = """
INSERT INTO consent (consent_id, person_id, scope, to_organisation_id, until, discloser_organisation_id, rests_on, referral_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (consent_id) DO UPDATE
SET scope = EXCLUDED.scope, to_organisation_id = EXCLUDED.to_organisation_id, until = EXCLUDED.until,
    discloser_organisation_id = EXCLUDED.discloser_organisation_id, rests_on = EXCLUDED.rests_on, referral_id = EXCLUDED.referral_id
"""
REVOKED = """
INSERT INTO consent (consent_id, person_id, revoked) VALUES ($1, $2, true)
ON CONFLICT (consent_id) DO UPDATE SET revoked = true
"""
VALID = """
SELECT consent_id FROM consent c
WHERE person_id = $1 AND to_organisation_id = $2 AND scope = ANY($3::text[]) AND NOT revoked AND (until IS NULL OR until >= $4)
    AND NOT EXISTS (
        WITH RECURSIVE ground AS (
            SELECT c.rests_on, c.discloser_organisation_id, c.referral_id
            UNION SELECT g.rests_on, g.discloser_organisation_id, g.referral_id
            FROM consent g JOIN ground ON g.consent_id = ground.rests_on)
        SELECT FROM ground WHERE (discloser_organisation_id IS NOT NULL AND NOT relates($1, discloser_organisation_id))
            OR (referral_id IS NOT NULL AND NOT still_asks($1, referral_id)))
ORDER BY consent_id LIMIT 1
"""
OPENED = """
INSERT INTO emergency_access (person_id, organisation_id, ends_at) VALUES ($1, $2, $3)
ON CONFLICT (person_id, organisation_id) DO UPDATE SET ends_at = greatest(emergency_access.ends_at, EXCLUDED.ends_at)
"""
IS_OPEN = "SELECT EXISTS (SELECT FROM emergency_access WHERE person_id = $1 AND organisation_id = $2 AND ends_at > $3)"
DISCLOSED = """
INSERT INTO disclosure (person_id, journey_id, consent_id, to_organisation_id, what, disclosed_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
DISCLOSURES = """
SELECT disclosure_id, journey_id, consent_id, to_organisation_id, what, disclosed_at FROM disclosure
WHERE person_id = $1 AND disclosure_id > $2 ORDER BY disclosure_id LIMIT $3
"""


async def touch_person(tx: Tx, person_id: UUID) -> None:
    """Lock the person's row, made where none was heard of."""
    await tx.connection.execute(TOUCH, person_id)


async def lock_person(tx: Tx, person_id: UUID) -> Record | None:
    """Lock the person's row, with a new time-ordered id beside it; None, without waiting, where none was heard of.

    A row that a batch of events has inserted and not yet committed is none: a command never waits for the batch's end.
    """
    return await tx.connection.fetchrow(LOCK, person_id)


async def save_person(tx: Tx, event: PersonRegistered) -> None:
    """A registrar once told stays."""
    await tx.connection.execute(REGISTERED, event.person_id, event.region, event.life_period, event.organisation_id)


async def save_majority(tx: Tx, person_id: UUID) -> None:
    await tx.connection.execute(CAME_OF_AGE, person_id)


async def save_death(tx: Tx, person_id: UUID, on: date) -> None:
    await tx.connection.execute(DIED, person_id, on)


async def save_reversal(tx: Tx, person_id: UUID) -> None:
    await tx.connection.execute(REVERSED, person_id)


async def save_merge(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await tx.connection.execute(MERGED, person_id, into_id)


async def save_tombstone(tx: Tx, person_id: UUID, on: date) -> None:
    await tx.connection.execute(ERASED, person_id, on)


async def save_consent(tx: Tx, event: ConsentGiven) -> None:
    """A revocation heard earlier stays."""
    what = (event.consent_id, event.person_id, event.scope, event.to, event.until)
    await tx.connection.execute(GIVEN, *what, event.discloser_organisation_id, event.rests_on, event.referral_id)


async def save_revocation(tx: Tx, consent_id: UUID, person_id: UUID) -> None:
    await tx.connection.execute(REVOKED, consent_id, person_id)


async def find_valid_consent(tx: Tx, person_id: UUID, scopes: tuple[str, ...], on: date) -> UUID | None:
    """A consent under which the caller's organisation may see one of `scopes` on that day."""
    found: UUID | None = await tx.connection.fetchval(VALID, person_id, tx.caller.organisation_id, list(scopes), on)
    return found


async def save_emergency_access(tx: Tx, event: EmergencyAccessGiven) -> None:
    """The longer one of two holds."""
    await tx.connection.execute(OPENED, event.person_id, event.organisation_id, event.until)


async def has_emergency_access(tx: Tx, person_id: UUID, at: datetime) -> bool:
    return bool(await tx.connection.fetchval(IS_OPEN, person_id, tx.caller.organisation_id, at))


async def insert_disclosure(tx: Tx, person_id: UUID, journey_id: UUID, consent_id: UUID | None, what: str) -> None:
    await tx.connection.execute(DISCLOSED, person_id, journey_id, consent_id, tx.caller.organisation_id, what, tx.now)


async def list_disclosures(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Record]:
    return list(await tx.connection.fetch(DISCLOSURES, person_id, after, limit))
