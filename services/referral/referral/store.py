"""SQL of referrals and their history."""

from collections.abc import Sequence
from uuid import UUID

from services.referral.pathway.domain import Place, Stages
from services.referral.referral.domain import Entry, Referral
from services.referral.referral.restating import Past
from services.referral.transition.domain import OPEN, TURNED_DOWN, Status
from shared.database import Tx
from shared.errors import NotFound

COLUMNS = """
referral_id, person_id, journey_id, stage, status, from_organisation_id, to_organisation_id, region, origin, source, due_on, replaces,
imported, has_started, place_found, opened_at, pathway, stage_code, asked_as, basis_withdrawn, basis_withdrawn_at
"""
IS_OPEN = f"status IN ({', '.join(repr(status) for status in sorted(OPEN))})"
INSERT = f"""
INSERT INTO referral ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
ON CONFLICT (person_id, pathway, stage_code, journey_id) WHERE {IS_OPEN} DO NOTHING
RETURNING true
"""
SAVE = """
UPDATE referral SET status = $2, from_organisation_id = $3, to_organisation_id = $4, journey_id = $5, region = $6, due_on = $7,
    imported = $8, has_started = $9, origin = $10, place_found = $11, asked_as = $12, basis_withdrawn = $13, basis_withdrawn_at = $14
WHERE referral_id = $1
"""
INSERT_HISTORY = """
INSERT INTO referral_history (referral_id, at, change, from_status, to_status, to_organisation_id, actor, organisation_id, reason)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::uuid[], $9::text[])
"""
IS_FOLLOWED = """
SELECT EXISTS (SELECT FROM referral WHERE person_id = $2 AND pathway = $3 AND stage_code = $4 AND referral_id <> $1 AND opened_at >= $5
        AND journey_id IS NOT NULL AND status NOT IN ('draft', 'entered-in-error'))
    OR EXISTS (SELECT FROM spell_by_code
        WHERE person_id = $2 AND pathway = $3 AND stage_code = $4 AND (ended IS NULL OR started_on >= $5::date))
"""
# Within a journey a stage is known by its position, also before it was heard which pathway the journey is on.
LOCK_OPEN = f"""
SELECT {COLUMNS} FROM referral
WHERE person_id = $1 AND {IS_OPEN} AND (
    (journey_id = $2 AND stage = $3) OR ((journey_id IS NULL OR $2::uuid IS NULL) AND pathway = $4 AND stage_code = $5))
ORDER BY journey_id IS NOT DISTINCT FROM $2 DESC, opened_at, referral_id LIMIT 1
FOR NO KEY UPDATE
"""
CORRECT = """
UPDATE referral SET pathway = $3, stage_code = coalesce(($4::text[])[stage], 'stage-' || stage)
WHERE person_id = $1 AND journey_id = $2 AND (pathway, stage_code) <> ($3, coalesce(($4::text[])[stage], 'stage-' || stage))
"""
# What a command holds at this moment is left to the next journey of the pathway: nobody waits here with the persons of a batch locked.
GIVE_CODES = f"""
UPDATE referral SET stage_code = ($2::text[])[stage]
WHERE referral_id IN (
    SELECT referral_id FROM referral r
    WHERE pathway = $1 AND stage_code = 'stage-' || stage::text AND stage_code <> ($2::text[])[stage] AND NOT EXISTS (
        SELECT FROM referral WHERE {IS_OPEN} AND person_id = r.person_id AND pathway = $1 AND stage_code = ($2::text[])[r.stage]
            AND journey_id IS NOT DISTINCT FROM r.journey_id)
    FOR UPDATE SKIP LOCKED)
"""


async def new_id(tx: Tx) -> UUID:
    """A time-ordered id from the database."""
    referral_id: UUID = await tx.connection.fetchval("SELECT uuidv7()")
    return referral_id


async def insert_referral(tx: Tx, referral: Referral) -> bool:
    """False when the person has an open referral for the journey and stage by now; a concurrent one is waited for."""
    return await tx.connection.fetchval(INSERT, *inserted_values(referral)) is not None


def inserted_values(referral: Referral) -> list[object]:
    """What INSERT takes."""
    values = referral.model_dump()
    return [values[name.strip()] for name in COLUMNS.split(",")]


async def save_referral(tx: Tx, r: Referral) -> None:
    await tx.connection.execute(SAVE, *saved_values(r))


def saved_values(r: Referral) -> tuple[object, ...]:
    """What SAVE takes."""
    stands = (r.referral_id, r.status, r.from_organisation_id, r.to_organisation_id, r.journey_id, r.region, r.due_on, r.imported)
    return *stands, r.has_started, r.origin, r.place_found, r.asked_as, r.basis_withdrawn, r.basis_withdrawn_at


async def insert_history(tx: Tx, referral_id: UUID, entries: Sequence[Entry]) -> None:
    columns = zip(*(entry.model_dump().values() for entry in entries), strict=True)
    await tx.connection.execute(INSERT_HISTORY, referral_id, tx.now, *(list(column) for column in columns))


async def lock_referral(tx: Tx, referral_id: UUID) -> Referral:
    row = await tx.connection.fetchrow(f"SELECT {COLUMNS} FROM referral WHERE referral_id = $1 FOR NO KEY UPDATE", referral_id)
    if row is None:
        raise NotFound("referral")
    return Referral(**dict(row))


async def get_referral(tx: Tx, referral_id: UUID) -> Referral:
    row = await tx.connection.fetchrow(f"SELECT {COLUMNS} FROM referral WHERE referral_id = $1", referral_id)
    if row is None:
        raise NotFound("referral")
    return Referral(**dict(row))


async def find_status(tx: Tx, referral_id: UUID, person_id: UUID) -> Status | None:
    statement = "SELECT status FROM referral WHERE referral_id = $1 AND person_id = $2"
    status: Status | None = await tx.connection.fetchval(statement, referral_id, person_id)
    return status


async def find_past(tx: Tx, referral_id: UUID) -> Past:
    """What was undone since the last acceptance led it back to that, and accepted nothing; an acceptance that was taken back is none.

    A line that changes no status says no reason.
    """
    statement = """
    SELECT (array_agg(CASE WHEN to_status = 'accepted' THEN at END ORDER BY history_id DESC)
            FILTER (WHERE (from_status, to_status) IN (('requested', 'accepted'), ('accepted', 'requested'))))[1],
        (array_agg(reason ORDER BY history_id DESC) FILTER (WHERE from_status <> to_status))[1]
    FROM referral_history WHERE referral_id = $1 AND change = 'status'
    """
    at, reason = await tx.connection.fetchrow(statement, referral_id) or (None, None)
    return Past(at.date() if at else None, reason)


async def lock_open(tx: Tx, person_id: UUID, journey_id: UUID | None, place: Place) -> Referral | None:
    """The person's open referral for the stage: the journey's own, else one that names no journey.

    Where no journey is asked for, any of the pathway and stage will do.
    """
    row = await tx.connection.fetchrow(LOCK_OPEN, person_id, journey_id, place.stage, place.pathway, place.code)
    return Referral(**dict(row)) if row else None


async def correct_stages(tx: Tx, person_id: UUID, journey_id: UUID, stages: Stages) -> None:
    """What named the journey before it was heard of gets the pathway and codes of the journey."""
    await tx.connection.execute(CORRECT, person_id, journey_id, stages.pathway, list(stages.codes))


async def give_codes(tx: Tx, stages: Stages) -> None:
    """What was asked for before the pathway was heard of gets its codes."""
    await tx.connection.execute(GIVE_CODES, stages.pathway, list(stages.codes))


async def lock_all_open(tx: Tx, person_id: UUID) -> list[Referral]:
    statement = f"SELECT {COLUMNS} FROM referral WHERE person_id = $1 AND {IS_OPEN} ORDER BY referral_id FOR NO KEY UPDATE"
    return [Referral(**dict(row)) for row in await tx.connection.fetch(statement, person_id)]


async def list_turned_down(tx: Tx, person_id: UUID) -> list[Referral]:
    """Of a journey and ended before a start by who was asked, oldest first."""
    statement = f"""
    SELECT {COLUMNS} FROM referral
    WHERE person_id = $1 AND status = ANY($2::text[]) AND NOT (has_started OR imported) AND journey_id IS NOT NULL
    ORDER BY opened_at, referral_id
    """
    return [Referral(**dict(row)) for row in await tx.connection.fetch(statement, person_id, sorted(TURNED_DOWN))]


async def is_followed(tx: Tx, r: Referral) -> bool:
    """Whether a later referral with a limit of its own, or a start, took this one's place."""
    answer: bool = await tx.connection.fetchval(IS_FOLLOWED, r.referral_id, r.person_id, r.pathway, r.stage_code, r.opened_at)
    return answer
