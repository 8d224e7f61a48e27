"""All SQL of organisations, one statement a function. Who reads a concern asks this table from concern's own store."""

from uuid import UUID

from shared.database import Tx


async def save_organisation(tx: Tx, organisation_id: UUID, region: str, is_confirmed: bool, seq: int) -> None:
    await tx.connection.execute(
        "INSERT INTO organisation (organisation_id, region, is_confirmed, seq) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (organisation_id) DO UPDATE SET region = $2, is_confirmed = $3, seq = $4 WHERE organisation.seq < $4",
        organisation_id,
        region,
        is_confirmed,
        seq,
    )


async def is_known(tx: Tx, organisation_id: UUID) -> bool:
    return bool(await tx.connection.fetchval("SELECT EXISTS (SELECT FROM organisation WHERE organisation_id = $1)", organisation_id))
