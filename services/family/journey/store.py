"""All SQL of journeys, one statement a function."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.family.journey.domain import Journey
from shared.database import Tx

INSERT = """
INSERT INTO journey (journey_id, person_id, pathway, stages, support, heard_at)
SELECT $1, coalesce(p.merged_into, n.person_id), $3, $4, $5, $6
FROM (SELECT $2::uuid AS person_id) n LEFT JOIN person p USING (person_id) LEFT JOIN person k ON k.person_id = p.merged_into
WHERE p.erased_on IS NULL AND k.erased_on IS NULL
"""


async def save_heard(tx: Tx, journey: Journey) -> None:
    """In place of what was assumed, if anything was."""
    await tx.connection.execute(
        f"{INSERT} ON CONFLICT (journey_id) DO UPDATE SET pathway = $3, stages = $4, support = $5, heard_at = $6",
        *_columns(journey, tx.now),
    )


async def insert_assumed(tx: Tx, journey: Journey) -> None:
    """Nothing where it is there already."""
    await tx.connection.execute(f"{INSERT} ON CONFLICT DO NOTHING", *_columns(journey, None))


def _columns(journey: Journey, heard_at: datetime | None) -> tuple[object, ...]:
    return journey.journey_id, journey.person_id, journey.pathway, journey.stages, list(journey.support), heard_at


async def find_journey(tx: Tx, journey_id: UUID) -> Journey | None:
    row = await tx.connection.fetchrow("SELECT * FROM journey WHERE journey_id = $1", journey_id)
    return Journey.model_validate(dict(row)) if row else None


async def save_asking(tx: Tx, journey_id: UUID, stages: Sequence[int]) -> None:
    await tx.connection.execute("UPDATE journey SET asking = $2 WHERE journey_id = $1", journey_id, stages)


async def save_withdrawn(tx: Tx, journey_id: UUID) -> None:
    await tx.connection.execute("UPDATE journey SET is_withdrawn = true, asking = '{}' WHERE journey_id = $1", journey_id)


async def list_ids(tx: Tx, person_id: UUID) -> list[UUID]:
    rows = await tx.connection.fetch(
        "SELECT journey_id FROM journey WHERE person_id = $1 AND NOT is_withdrawn ORDER BY journey_id", person_id
    )
    return [row["journey_id"] for row in rows]


async def list_asking(tx: Tx, person_id: UUID) -> list[UUID]:
    rows = await tx.connection.fetch(
        "SELECT journey_id FROM journey WHERE person_id = $1 AND asking <> '{}' ORDER BY journey_id", person_id
    )
    return [row["journey_id"] for row in rows]


async def save_merged(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await tx.connection.execute("UPDATE journey SET person_id = $2 WHERE person_id = $1", person_id, into_id)


async def delete_journeys(tx: Tx, person_id: UUID) -> None:
    await tx.connection.execute("DELETE FROM journey WHERE person_id = $1", person_id)
