"""SQL of what programme told. Handlers insert with the unknown left null and fill it in later, whatever comes first."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.referral.journey.domain import Fact, Spell
from services.referral.pathway.domain import Place, told_by
from shared.database import Tx
from shared.events.programme import JourneyCorrected, JourneyOpened, StageCompleted, StageLeft, StageStarted, StayCorrected

SAVE_JOURNEY = """
INSERT INTO journey (journey_id, person_id, organisation_id, imported, pathway, stages, by_acceptance, opened_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (journey_id) DO UPDATE
SET organisation_id = coalesce(EXCLUDED.organisation_id, journey.organisation_id), imported = journey.imported OR EXCLUDED.imported,
    pathway = EXCLUDED.pathway, stages = coalesce(EXCLUDED.stages, journey.stages),
    by_acceptance = EXCLUDED.by_acceptance, opened_on = EXCLUDED.opened_on
"""
SAVE_START = """
INSERT INTO spell (journey_id, stage, spell, person_id, organisation_id, started_on, started_seq) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (journey_id, stage, spell) DO UPDATE
SET organisation_id = EXCLUDED.organisation_id, started_on = EXCLUDED.started_on, started_seq = EXCLUDED.started_seq
"""
SAVE_END = """
INSERT INTO spell (journey_id, stage, spell, person_id, organisation_id, ended, next_organisation_id, ended_seq)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (journey_id, stage, spell) DO UPDATE
SET ended = EXCLUDED.ended, next_organisation_id = EXCLUDED.next_organisation_id, ended_seq = EXCLUDED.ended_seq
"""
# The places in the stream stay those of the first telling: they say what came before what.
CORRECT_STAY = """
INSERT INTO spell (journey_id, stage, spell, person_id, organisation_id, started_on, ended, next_organisation_id, started_seq, ended_seq)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $7::text IS NOT NULL THEN $9::bigint END)
ON CONFLICT (journey_id, stage, spell) DO UPDATE
SET organisation_id = EXCLUDED.organisation_id, started_on = EXCLUDED.started_on, ended = EXCLUDED.ended,
    next_organisation_id = EXCLUDED.next_organisation_id, started_seq = coalesce(spell.started_seq, EXCLUDED.started_seq),
    ended_seq = CASE WHEN EXCLUDED.ended IS NOT NULL THEN coalesce(spell.ended_seq, EXCLUDED.ended_seq) END
"""
CORRECT_JOURNEY = """
INSERT INTO journey (journey_id, person_id, organisation_id, imported, opened_on) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (journey_id) DO UPDATE SET organisation_id = EXCLUDED.organisation_id, opened_on = EXCLUDED.opened_on
"""
FORGET = (
    "DELETE FROM spell WHERE journey_id = $1",
    "DELETE FROM skipped_stage WHERE journey_id = $1",
    "DELETE FROM journey WHERE journey_id = $1",
)
SPELLS = "SELECT stage, spell, organisation_id, started_on, started_seq, ended, next_organisation_id, ended_seq FROM spell"


async def save_journey(tx: Tx, event: JourneyOpened) -> None:
    key = (event.journey_id, event.person_id, event.organisation_id)
    told = (event.imported, event.pathway, told_by(event), event.by_acceptance, event.opened_on)
    await tx.connection.execute(SAVE_JOURNEY, *key, *told)


async def find_stages(tx: Tx, journey_id: UUID, person_id: UUID) -> tuple[str, tuple[str, ...] | None] | None:
    """The journey's pathway and the codes of its stages, None where it told none."""
    statement = "SELECT pathway, stages FROM journey WHERE journey_id = $1 AND person_id = $2"
    row = await tx.connection.fetchrow(statement, journey_id, person_id)
    return (row["pathway"], tuple(row["stages"]) if row["stages"] is not None else None) if row else None


async def is_completed(tx: Tx, journey_id: UUID) -> bool:
    statement = "SELECT EXISTS (SELECT FROM journey WHERE journey_id = $1 AND completed_on IS NOT NULL)"
    return bool(await tx.connection.fetchval(statement, journey_id))


async def save_completion(tx: Tx, journey_id: UUID, completed_on: date | None) -> None:
    """None: it is open."""
    await tx.connection.execute("UPDATE journey SET completed_on = $2 WHERE journey_id = $1", journey_id, completed_on)


async def save_start(tx: Tx, event: StageStarted, seq: int | None) -> None:
    key = (event.journey_id, event.stage, event.spell, event.person_id)
    await tx.connection.execute(SAVE_START, *key, event.organisation_id, event.started_on, seq)


async def save_end(tx: Tx, event: StageCompleted | StageLeft, ended: str, seq: int | None) -> None:
    key = (event.journey_id, event.stage, event.spell, event.person_id)
    await tx.connection.execute(SAVE_END, *key, event.organisation_id, ended, event.next_organisation_id, seq)


async def correct_stay(tx: Tx, event: StayCorrected, seq: int | None) -> None:
    """As it stands now, heard of before or not; without a start there is none."""
    key = (event.journey_id, event.stage, event.spell)
    if event.started_on is None:
        await tx.connection.execute("DELETE FROM spell WHERE (journey_id, stage, spell) = ($1, $2, $3)", *key)
        return
    stands = (event.organisation_id, event.started_on, event.how, event.next_organisation_id)
    await tx.connection.execute(CORRECT_STAY, *key, event.person_id, *stands, seq)


async def correct_journey(tx: Tx, event: JourneyCorrected) -> None:
    """Another day; without one the journey never was, nor its stays and skips."""
    if event.opened_on is None:
        for statement in FORGET:
            await tx.connection.execute(statement, event.journey_id)
        return
    key = (event.journey_id, event.person_id, event.organisation_id)
    await tx.connection.execute(CORRECT_JOURNEY, *key, event.imported, event.opened_on)


async def delete_skip(tx: Tx, journey_id: UUID, stage: int) -> None:
    await tx.connection.execute("DELETE FROM skipped_stage WHERE (journey_id, stage) = ($1, $2)", journey_id, stage)


async def save_skip(tx: Tx, journey_id: UUID, stage: int, how: str) -> bool:
    """Whether the stage was not known as skipped."""
    statement = """
    INSERT INTO skipped_stage (journey_id, stage, how) VALUES ($1, $2, $3) ON CONFLICT (journey_id, stage) DO UPDATE SET how = EXCLUDED.how
    RETURNING old.stage IS NULL
    """
    return bool(await tx.connection.fetchval(statement, journey_id, stage, how))


async def list_spells(tx: Tx, journey_id: UUID) -> list[Spell]:
    return [Spell(**dict(row)) for row in await tx.connection.fetch(f"{SPELLS} WHERE journey_id = $1", journey_id)]


async def list_skipped(tx: Tx, journey_id: UUID) -> list[int]:
    return [row["stage"] for row in await tx.connection.fetch("SELECT stage FROM skipped_stage WHERE journey_id = $1", journey_id)]


async def is_imported(tx: Tx, journey_id: UUID) -> bool:
    answer: bool | None = await tx.connection.fetchval("SELECT imported FROM journey WHERE journey_id = $1", journey_id)
    return bool(answer)


async def is_all_history(tx: Tx, person_id: UUID) -> bool:
    """Whether the person has journeys and each of them is imported, and opened by who registered the person."""
    statement = """
    SELECT bool_and(j.imported AND j.organisation_id = p.registered_by) FROM journey j JOIN person p USING (person_id) WHERE person_id = $1
    """
    return bool(await tx.connection.fetchval(statement, person_id))


async def has_part(tx: Tx, journey_id: UUID, organisations: Sequence[UUID]) -> bool:
    """Whether one of them opened it or had a stay in it."""
    statement = """
    SELECT EXISTS (SELECT FROM journey WHERE journey_id = $1 AND organisation_id = ANY($2::uuid[]))
        OR EXISTS (SELECT FROM spell WHERE journey_id = $1 AND organisation_id = ANY($2::uuid[]))
    """
    return bool(await tx.connection.fetchval(statement, journey_id, organisations))


async def list_held(tx: Tx, person_id: UUID, organisation_id: UUID, pathway: str, journey_id: UUID | None) -> list[UUID]:
    """The journeys on the pathway by which the organisation is holder; only this one, where one is asked for."""
    statement = """
    SELECT h.journey_id FROM holder h JOIN journey j USING (journey_id)
    WHERE h.person_id = $1 AND h.organisation_id = $2 AND j.pathway = $3 AND ($4::uuid IS NULL OR h.journey_id = $4) ORDER BY 1
    """
    return [row["journey_id"] for row in await tx.connection.fetch(statement, person_id, organisation_id, pathway, journey_id)]


async def find_under_way(tx: Tx, person_id: UUID, journey_id: UUID | None, place: Place, organisation_id: UUID) -> Fact | None:
    """The start of the stay that goes on there, the latest one of several."""
    statement = """
    SELECT journey_id, stage, spell FROM spell_by_code
    WHERE person_id = $1 AND ($2::uuid IS NULL OR journey_id = $2) AND pathway = $3 AND stage_code = $4 AND organisation_id = $5
        AND started_on IS NOT NULL AND ended IS NULL
    ORDER BY started_on DESC, journey_id, spell DESC LIMIT 1
    """
    row = await tx.connection.fetchrow(statement, person_id, journey_id, place.pathway, place.code, organisation_id)
    return Fact(row["journey_id"], "started", row["stage"], row["spell"]) if row else None
