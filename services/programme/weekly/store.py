"""All SQL about weekly records."""

from uuid import UUID

from services.programme.weekly.domain import WeeklyRecord
from shared.database import Tx

FIND = "SELECT state, waiting_id FROM weekly_record WHERE journey_id = $1 AND stage = $2 AND spell = $3"
SAVE = """
INSERT INTO weekly_record (journey_id, stage, spell, waiting_id, state) VALUES ($1, $2, $3, $4, $5::jsonb)
ON CONFLICT (journey_id, stage, spell) DO UPDATE SET waiting_id = EXCLUDED.waiting_id, state = EXCLUDED.state
"""
WAITING = """
SELECT w.journey_id, w.stage, w.spell FROM weekly_record w JOIN journey j USING (journey_id) WHERE w.waiting_id = $1 AND NOT j.erased
"""
LIST = "SELECT state FROM weekly_record WHERE journey_id = $1 ORDER BY stage, spell"
STOPPED = "SELECT state FROM weekly_record WHERE journey_id = $1 AND waiting_id IS NULL ORDER BY stage, spell"


async def find_record(tx: Tx, journey_id: UUID, stage: int, spell: int) -> tuple[WeeklyRecord, UUID | None] | None:
    """The record and what its next week waits under; guarded by the journey's lock."""
    row = await tx.connection.fetchrow(FIND, journey_id, stage, spell)
    return (WeeklyRecord.model_validate_json(row["state"]), row["waiting_id"]) if row else None


async def find_waiting(tx: Tx, waiting_id: UUID) -> tuple[UUID, int, int] | None:
    """Journey, stage and spell of the record whose next week waits under this id."""
    row = await tx.connection.fetchrow(WAITING, waiting_id)
    return (row["journey_id"], row["stage"], row["spell"]) if row else None


async def save_record(tx: Tx, journey_id: UUID, record: WeeklyRecord, waiting_id: UUID | None) -> None:
    await tx.connection.execute(SAVE, journey_id, record.stage, record.spell, waiting_id, record.model_dump_json())


async def delete_record(tx: Tx, journey_id: UUID, stage: int, spell: int) -> None:
    await tx.connection.execute("DELETE FROM weekly_record WHERE journey_id = $1 AND stage = $2 AND spell = $3", journey_id, stage, spell)


async def list_records(tx: Tx, journey_id: UUID) -> list[WeeklyRecord]:
    return [WeeklyRecord.model_validate_json(row["state"]) for row in await tx.connection.fetch(LIST, journey_id)]


async def list_stopped(tx: Tx, journey_id: UUID) -> list[WeeklyRecord]:
    """Those that wait for no next week."""
    return [WeeklyRecord.model_validate_json(row["state"]) for row in await tx.connection.fetch(STOPPED, journey_id)]
