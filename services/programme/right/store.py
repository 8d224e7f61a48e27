"""All SQL about relations to a person: registered, accepted, opened or had a stay."""

from uuid import UUID

from shared.database import Tx

RELATION = """
SELECT EXISTS (SELECT FROM person WHERE person_id = $1 AND organisation_id = $2 AND erased_on IS NULL AND merged_into_id IS NULL)
    OR EXISTS (
        SELECT FROM party JOIN journey USING (journey_id)
        WHERE person_id = $1 AND organisation_id = $2 AND NOT erased
            AND CASE WHEN referral_id = $3 THEN status <> 'entered-in-error' ELSE {CONFIRMED} END
    )
    OR (EXISTS (SELECT FROM accepted_referral WHERE person_id = $1 AND organisation_id = $2) AND {CONFIRMED})
""".replace("{CONFIRMED}", "NOT EXISTS (SELECT FROM organisation WHERE organisation_id = $2 AND NOT confirmed)")


async def has_relation(tx: Tx, person_id: UUID, organisation_id: UUID) -> bool:
    """Any of them. What an organisation accepted counts while the registry confirms it."""
    return bool(await tx.connection.fetchval(RELATION, person_id, organisation_id, UUID(int=0)))
