"""SQL of the case relation. The facts are the view `case_relation`: registered, accepted and still open, held, had a stay."""

from collections.abc import Collection
from uuid import UUID

from shared.database import Tx

FACTS = """
SELECT ARRAY(SELECT DISTINCT relation FROM case_relation WHERE person_id = $1 AND organisation_id = $2) AS facts,
    EXISTS (SELECT FROM holder WHERE person_id = $1 AND organisation_id <> $2) AS is_held_elsewhere
"""
RELATED = "SELECT DISTINCT person_id FROM case_relation WHERE person_id = ANY($1::uuid[]) AND organisation_id = $2"


async def list_facts(tx: Tx, person_id: UUID, organisation_id: UUID) -> tuple[list[str], bool]:
    """What connects the two, and whether another organisation holds the person."""
    row = await tx.connection.fetchrow(FACTS, person_id, organisation_id)
    assert row is not None, "an aggregate answers a row"
    return list(row["facts"]), row["is_held_elsewhere"]


async def list_related(tx: Tx, person_ids: Collection[UUID], organisation_id: UUID) -> set[UUID]:
    """Those of the persons to whom the organisation has any relation."""
    return {row["person_id"] for row in await tx.connection.fetch(RELATED, list(person_ids), organisation_id)}


async def holds(tx: Tx, person_id: UUID, organisation_id: UUID, pathway: str, journey_id: UUID | None) -> bool:
    """Whether the organisation is holder by this journey; where that has none, or None is asked for, by one on the pathway."""
    return bool(await tx.connection.fetchval("SELECT holds($1, $2, $3, $4)", person_id, organisation_id, pathway, journey_id))


async def is_asked(tx: Tx, referral_id: UUID, organisation_id: UUID) -> bool:
    """Whether the referral waits for the organisation, which is confirmed for the stage, or was taken by it."""
    statement = """
    SELECT EXISTS (
        SELECT FROM referral r WHERE referral_id = $1 AND to_organisation_id = $2 AND CASE WHEN status = 'requested' THEN EXISTS (
                SELECT FROM confirmed_for c WHERE c.organisation_id = $2 AND c.pathway = r.pathway AND c.stage_code = r.stage_code)
            ELSE status IN ('accepted', 'in-progress', 'on-hold') AND EXISTS (
                SELECT FROM case_relation c WHERE c.person_id = r.person_id AND c.organisation_id = $2) END)
    """
    return bool(await tx.connection.fetchval(statement, referral_id, organisation_id))


async def is_held(tx: Tx, person_id: UUID, pathway: str) -> bool:
    """Whether anybody is holder by a journey on the pathway."""
    statement = "SELECT EXISTS (SELECT FROM holder h JOIN journey j USING (journey_id) WHERE h.person_id = $1 AND j.pathway = $2)"
    return bool(await tx.connection.fetchval(statement, person_id, pathway))


async def is_elsewhere(tx: Tx, person_id: UUID, organisation_id: UUID, pathway: str) -> bool:
    """Whether others hold the person by journeys on the pathway, and the organisation by none."""
    statement = """
    SELECT coalesce(bool_and(h.organisation_id <> $2), false) FROM holder h JOIN journey j USING (journey_id)
    WHERE h.person_id = $1 AND j.pathway = $3
    """
    return bool(await tx.connection.fetchval(statement, person_id, organisation_id, pathway))
