"""All SQL of corrections, one statement a function: the messages that no longer hold."""

from collections.abc import Sequence
from uuid import UUID

from services.family.correction.domain import RELAPSE, Told
from services.family.message.domain import CORRECTED, STOPPED_BY_DEATH, relapse_of
from shared.database import Record, Tx

# One from before spells were kept is of any spell, but for a relapse, whose occasion names it; one of a referral names none. A new
# relapse of a stay is news again, and what is told of a referral anew. Of completions the newest is meant, or the one that $7 counts.
CLOSE = f"""
UPDATE message m SET corrected_at = $1,
    state = CASE WHEN m.state = 'pending' THEN 'suppressed' ELSE m.state END,
    reason = CASE WHEN m.state = 'pending' OR (m.state = 'suppressed' AND m.reason = ANY($2)) THEN '{CORRECTED}' ELSE m.reason END,
    event_id = CASE WHEN m.kind = '{RELAPSE}' OR m.topic = 'referral' THEN uuidv7() ELSE m.event_id END
WHERE m.person_id IN (SELECT $3::uuid UNION ALL SELECT merged_into FROM person WHERE person_id = $3)
  AND ($10::uuid = ANY(m.subjects) OR ($10 IS NULL AND m.journey_id IS NOT DISTINCT FROM $4))
  AND m.kind = ANY($5) AND m.corrected_at IS NULL
  AND ($6::smallint IS NULL OR (m.stage = $6 AND coalesce(m.spell, $7) = $7
      AND (m.spell IS NOT NULL OR m.kind <> '{RELAPSE}' OR m.event_id = $8)))
  AND (NOT $9 OR m.event_id = (
      SELECT n.event_id FROM message n WHERE n.person_id = m.person_id AND n.journey_id = $4 AND n.kind = ANY($5) AND n.corrected_at IS NULL
        AND ($7 IS NULL OR coalesce(n.spell, $7) = $7)
      ORDER BY n.message_id DESC LIMIT 1))
RETURNING m.message_id, m.person_id, m.contact_id, m.topic, old.state AS was
"""


async def lock_permissions(tx: Tx, person_id: UUID) -> None:
    """Before messages, as everywhere; a revocation waits, or is seen."""
    await tx.connection.execute(
        "SELECT FROM permission p JOIN contact c USING (contact_id)"
        " WHERE c.person_id IN (SELECT $1::uuid UNION ALL SELECT merged_into FROM person WHERE person_id = $1)"
        " ORDER BY p.permission_id FOR SHARE OF p",
        person_id,
    )


async def was_told(tx: Tx, person_id: UUID, referral_id: UUID, kinds: Sequence[str]) -> bool:
    """Whether there is a message of these kinds about the referral that holds."""
    statement = """
    SELECT EXISTS (SELECT FROM message
        WHERE person_id IN (SELECT $1::uuid UNION ALL SELECT merged_into FROM person WHERE person_id = $1)
          AND $2 = ANY(subjects) AND kind = ANY($3) AND corrected_at IS NULL)
    """
    return bool(await tx.connection.fetchval(statement, person_id, referral_id, kinds))


async def close(tx: Tx, told: Told) -> list[Record]:
    """Take back what these messages tell, each once: what waits stops, also what a death stopped.

    Answers (message_id, person_id, contact_id, topic, was), where `was` is the state before.
    """
    occasion = relapse_of(told.journey_id, told.stage, told.spell) if told.journey_id else None
    about = (told.person_id, told.journey_id, told.kinds, told.stage, told.spell, occasion, told.newest, told.referral_id)
    return await tx.connection.fetch(CLOSE, tx.now, STOPPED_BY_DEATH, *about)
