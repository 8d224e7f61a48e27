"""SQL of how referrals stood before a fact of a journey changed them: kept with the change, taken when the fact is corrected."""

from collections.abc import Sequence
from uuid import UUID

from services.referral.journey.domain import Fact, What
from services.referral.pathway.domain import Place
from services.referral.referral import store
from services.referral.referral.domain import Referral
from services.referral.referral.undoing import Kept
from services.referral.transition.domain import OPEN, Status
from shared.database import Record, Tx

COLUMNS = """
referral_id, person_id, journey_id, fact, stage, spell, status, from_organisation_id, to_organisation_id, named_journey_id, region, due_on,
imported, has_started, answer_due_at, handover_due_at, became, became_to
"""
ANSWERED = ", ".join(Kept.model_fields)
KEEP = """
INSERT INTO stood_before ({columns})
SELECT r.referral_id, r.person_id, ${first}::uuid, ${second}::text, ${third}::smallint, ${fourth}::int, r.status,
    r.from_organisation_id, r.to_organisation_id, r.journey_id, r.region, r.due_on, r.imported, r.has_started, a.due_at, h.due_at, {became}
FROM referral r
LEFT JOIN deadline a ON a.kind = 'answer-due' AND a.subject_id = r.referral_id
LEFT JOIN deadline h ON h.kind = 'handover-due' AND h.subject_id = r.referral_id
WHERE r.referral_id = $1
ON CONFLICT (journey_id, fact, stage, spell, referral_id) DO NOTHING
"""
AS_IT_STANDS = KEEP.format(columns=COLUMNS, first=2, second=3, third=4, fourth=5, became="r.status, r.to_organisation_id")
# The row is read as it stood before this statement; the two are one round trip.
SAVE = f"""
WITH kept AS ({KEEP.format(columns=COLUMNS, first=15, second=16, third=17, fourth=18, became="$2, $4::uuid")}) {store.SAVE}
"""
INSERT = f"""
WITH made AS ({store.INSERT}, referral_id, person_id, imported, has_started, status, to_organisation_id), kept AS (
    INSERT INTO stood_before (referral_id, person_id, journey_id, fact, stage, spell, imported, has_started, became, became_to)
    SELECT referral_id, person_id, $22::uuid, $23::text, $24::smallint, $25::int, imported, has_started, status, to_organisation_id
    FROM made)
SELECT true FROM made
"""
STOP_WAITING = f"""
WITH met AS (
    DELETE FROM deadline WHERE kind = 'handover-due' AND subject_id = ANY($1::uuid[]) RETURNING subject_id, due_at)
INSERT INTO stood_before ({COLUMNS})
SELECT r.referral_id, r.person_id, $2::uuid, $3::text, $4::smallint, $5::int, r.status, r.from_organisation_id, r.to_organisation_id,
    r.journey_id, r.region, r.due_on, r.imported, r.has_started, NULL, met.due_at, r.status, r.to_organisation_id
FROM met JOIN referral r ON r.referral_id = met.subject_id
WHERE $2::uuid IS NOT NULL
ON CONFLICT (journey_id, fact, stage, spell, referral_id) DO NOTHING
"""
LIST = f"""
SELECT before_id, {ANSWERED} FROM stood_before
WHERE journey_id = $1 AND ($2::text IS NULL OR (fact, stage, spell) = ($2, $3, $4)) ORDER BY before_id DESC
"""
# What else asked for the same referral: it is what opened it, once the first one that did is none.
PASS_ON = """
UPDATE stood_before SET status = NULL WHERE before_id = (
    SELECT before_id FROM stood_before
    WHERE referral_id = $1 AND fact <> 'started' AND status IN ('draft', 'requested', 'accepted', 'in-progress', 'on-hold')
        AND became IN ('requested', 'accepted', 'in-progress', 'on-hold')
    ORDER BY before_id LIMIT 1)
RETURNING fact, stage
"""
OTHER_OPEN = f"""
SELECT EXISTS (SELECT FROM referral WHERE person_id = $2 AND pathway = $3 AND stage_code = $4 AND journey_id IS NOT DISTINCT FROM $5
    AND referral_id <> $1 AND {store.IS_OPEN})
"""
IS_REPLACED = f"""
SELECT EXISTS (SELECT FROM referral WHERE person_id = $2 AND replaces = $1 AND status <> 'entered-in-error')
    OR EXISTS (SELECT FROM referral WHERE person_id = $2 AND pathway = $3 AND stage_code = $4 AND referral_id <> $1 AND {store.IS_OPEN}
        AND (journey_id IS NOT DISTINCT FROM $5 OR journey_id IS NULL OR $5::uuid IS NULL))
    OR EXISTS (SELECT FROM spell_by_code WHERE person_id = $2 AND pathway = $3 AND stage_code = $4 AND ($5 IS NULL OR journey_id = $5)
        AND (ended IS NULL OR started_on >= $7::timestamptz::date))
    OR EXISTS (SELECT FROM skipped_stage WHERE journey_id = $5 AND stage = $6)
    OR EXISTS (SELECT FROM journey WHERE journey_id = $5 AND completed_on IS NOT NULL)
    OR EXISTS (SELECT FROM person WHERE person_id = $2 AND died_on IS NOT NULL)
    OR (SELECT bool_and(h.organisation_id IS DISTINCT FROM $8) FROM holder h JOIN journey j USING (journey_id)
        WHERE h.person_id = $2 AND j.pathway = $3)
"""
OF_JOURNEY = f"""
SELECT {store.COLUMNS} FROM referral WHERE person_id = $1 AND journey_id = $2 AND status = ANY($3::text[])
ORDER BY referral_id FOR NO KEY UPDATE
"""
BLOCKED = f"""
DELETE FROM stood_before s USING referral r
WHERE r.referral_id = s.referral_id AND s.blocked AND s.journey_id = $1 AND s.person_id = $2 AND r.pathway = $3 AND r.stage_code = $4
RETURNING {", ".join(f"s.{name}" for name in Kept.model_fields)}
"""


async def list_endings(tx: Tx, referral_id: UUID) -> list[Fact]:
    """The facts by which nobody needed any more what the system had asked for: they do not touch what anybody else asked for."""
    statement = """
    SELECT s.journey_id, s.fact, s.stage, s.spell FROM stood_before s JOIN referral r USING (referral_id)
    WHERE s.referral_id = $1 AND s.fact IN ('skipped', 'completed') AND s.status IS NOT NULL AND r.asked_as IS NULL
    ORDER BY s.before_id DESC
    """
    return [Fact(*row) for row in await tx.connection.fetch(statement, referral_id)]


async def list_ends(tx: Tx, referral_id: UUID) -> list[Fact]:
    """The ends of stays that asked for it, the newest first."""
    statement = """
    SELECT journey_id, fact, stage, spell FROM stood_before
    WHERE referral_id = $1 AND fact = 'ended' AND NOT blocked AND (status IS NULL OR became = ANY($2::text[])) ORDER BY before_id DESC
    """
    return [Fact(*row) for row in await tx.connection.fetch(statement, referral_id, sorted(OPEN))]


async def keep(tx: Tx, referral: Referral, by: Fact) -> None:
    """As it stands: the fact asked for it too and changed nothing of it."""
    await tx.connection.execute(AS_IT_STANDS, referral.referral_id, *by)


async def save_referral(tx: Tx, r: Referral, by: Fact) -> None:
    """With how it stood before the fact."""
    await tx.connection.execute(SAVE, *store.saved_values(r), *by)


async def insert_referral(tx: Tx, referral: Referral, by: Fact) -> bool:
    """As `store.insert_referral`, with the fact that opened it."""
    return await tx.connection.fetchval(INSERT, *store.inserted_values(referral), *by) is not None


async def stop_waiting(tx: Tx, referral_ids: Sequence[UUID], by: Fact | None) -> None:
    """Nobody waits any more for those who turned the person down; until when one waited is kept with the fact."""
    await tx.connection.execute(STOP_WAITING, list(referral_ids), *(by or (None, None, None, None)))


async def list_kept(tx: Tx, by: Fact) -> list[Kept]:
    """What the fact changed, the last change first."""
    return [_kept(row) for row in await tx.connection.fetch(LIST, *by)]


async def list_kept_of_journey(tx: Tx, journey_id: UUID) -> list[Kept]:
    """What all facts of the journey changed, the last change first."""
    return [_kept(row) for row in await tx.connection.fetch(LIST, journey_id, None, None, None)]


def _kept(row: Record) -> Kept:
    return Kept(**{name: row[name] for name in Kept.model_fields})


async def delete_kept(tx: Tx, before_id: int) -> None:
    await tx.connection.execute("DELETE FROM stood_before WHERE before_id = $1", before_id)


async def save_blocked(tx: Tx, before_id: int) -> None:
    await tx.connection.execute("UPDATE stood_before SET blocked = true WHERE before_id = $1", before_id)


async def take_blocked(tx: Tx, person_id: UUID, journey_id: UUID, place: Place) -> list[Kept]:
    """What another open referral for the same stage kept from being as it stood."""
    rows = await tx.connection.fetch(BLOCKED, journey_id, person_id, place.pathway, place.code)
    return sorted((_kept(row) for row in rows), key=lambda kept: -kept.before_id)


async def is_blocking(tx: Tx, r: Referral, journey_id: UUID) -> bool:
    """Whether the referral keeps another one for its stage from being as it stood."""
    statement = """
    SELECT EXISTS (SELECT FROM stood_before s JOIN referral o USING (referral_id)
        WHERE s.blocked AND s.fact = 'ended' AND s.journey_id = $1 AND o.pathway = $2 AND o.stage_code = $3 AND o.referral_id <> $4)
    """
    return bool(await tx.connection.fetchval(statement, journey_id, r.pathway, r.stage_code, r.referral_id))


async def pass_on(tx: Tx, referral_id: UUID) -> tuple[What, int] | None:
    """Another fact that stands and asked for it too, with its stage: from now on that one opened it. None: there is none."""
    row = await tx.connection.fetchrow(PASS_ON, referral_id)
    return (row["fact"], row["stage"]) if row else None


async def save_addressee(tx: Tx, before_id: int, to_organisation_id: UUID | None) -> None:
    await tx.connection.execute("UPDATE stood_before SET became_to = $2 WHERE before_id = $1", before_id, to_organisation_id)


async def is_another_open(tx: Tx, r: Referral) -> bool:
    """Whether the person has another open referral for the journey and stage: there is at most one."""
    return bool(await tx.connection.fetchval(OTHER_OPEN, r.referral_id, r.person_id, r.pathway, r.stage_code, r.journey_id))


async def is_replaced(tx: Tx, r: Referral) -> bool:
    """Whether something took the place of one that was declined: another referral, a start, or that nobody needs to take the person.

    Also that another organisation than its sender has the person: it, or the person, asks again.
    """
    where = (r.referral_id, r.person_id, r.pathway, r.stage_code, r.journey_id, r.stage, r.opened_at, r.from_organisation_id)
    return bool(await tx.connection.fetchval(IS_REPLACED, *where))


async def lock_of_journey(tx: Tx, person_id: UUID, journey_id: UUID, statuses: Sequence[Status]) -> list[Referral]:
    return [Referral(**dict(row)) for row in await tx.connection.fetch(OF_JOURNEY, person_id, journey_id, list(statuses))]


async def find_stopped(tx: Tx, referral_id: UUID) -> Status | None:
    """How it stood before a death that counts."""
    status: Status | None = await tx.connection.fetchval("SELECT status FROM stopped_by_death WHERE referral_id = $1", referral_id)
    return status
