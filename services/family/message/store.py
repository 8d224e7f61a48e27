"""All SQL of messages, one statement a function. Lock order: permission before message."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.family.message.domain import DEATH, NO_DEATH, NO_PERMISSION, Message, Source
from services.family.settings import settings
from shared.business_dates import today
from shared.database import Record, Tx
from shared.errors import NotFound

# Nothing is given on a day to come, so that a permission holds from when it was recorded.
VALID = """p.revoked_at IS NULL AND (p.until IS NULL OR p.until >= {today})"""
# What is told once under an occasion, and was stopped for want of a permission, was not told: it may be told again.
UNTOLD = "CASE WHEN topic IN ('referral', 'relapse') THEN uuidv7() ELSE event_id END"

INSERT = f"""
WITH now_known_as AS (
    SELECT coalesce((SELECT merged_into FROM person WHERE person_id = $2), $2) AS person_id
), permitted AS (
    SELECT c.contact_id, c.person_id, p.channels
    FROM now_known_as JOIN contact c USING (person_id) JOIN permission p ON p.contact_id = c.contact_id
    WHERE $3 = ANY(p.topics) AND {VALID.format(today="$8::date")}
      AND NOT EXISTS (
          SELECT FROM person d WHERE d.person_id = c.person_id
          AND (d.erased_on IS NOT NULL OR (d.died_on IS NOT NULL AND $4 <> '{DEATH.kind}')))
      AND ($14::uuid[] IS NULL OR c.contact_id = ANY($14))
    ORDER BY p.permission_id FOR SHARE OF p
), told AS (
    SELECT contact_id, person_id,
           CASE WHEN NOT $7 AND NOT EXISTS (SELECT FROM historic WHERE subject_id = ANY($6::uuid[]))
                THEN ($10::text[])[min(s.place) FILTER (WHERE a.address IS NOT NULL)] END AS sent_on
    FROM permitted p
    LEFT JOIN unnest($10::text[]) WITH ORDINALITY AS s(channel, place) ON s.channel = ANY(p.channels)
    LEFT JOIN contact_address a USING (contact_id, channel)
    GROUP BY contact_id, person_id
)
INSERT INTO message (event_id, contact_id, person_id, topic, kind, stage, subjects, channel, state, created_at, due_at, delivered_at,
                     journey_id, pathway, spell)
SELECT $1, contact_id, person_id, $3, $4, $5, $6, coalesce(sent_on, $11), CASE WHEN sent_on IS NULL THEN 'delivered' ELSE 'pending' END,
       $9, $9, CASE WHEN sent_on IS NULL THEN $9::timestamptz END, $12, $13, $15
FROM told ORDER BY contact_id
ON CONFLICT (event_id, contact_id) DO NOTHING
RETURNING message_id, person_id, state
"""


async def insert_messages(tx: Tx, source: Source, sending: Sequence[str], kept_on: str) -> list[Record]:
    """One message for each contact that may be told now; the permissions stay locked FOR SHARE until the transaction ends.

    It takes the first of the channels `sending` that is permitted and has an address, else `kept_on`. Returns the new ones
    (message_id, person_id, state): what is kept is delivered at once, the others are pending.
    """
    return await tx.connection.fetch(
        INSERT,
        source.event_id,
        source.person_id,
        source.notice.topic,
        source.notice.kind,
        source.stage,
        list(source.subjects),
        source.imported,
        today(tx.now, settings()),
        tx.now,
        sending,
        kept_on,
        source.journey_id,
        source.pathway,
        source.only,
        source.spell,
    )


async def find_due(tx: Tx, sending: Sequence[str]) -> Message | None:
    """The message that waited longest, without a lock: its permission is locked before it.

    One on a channel that only a newer version knows is left to that version.
    """
    row = await tx.connection.fetchrow(
        "SELECT * FROM message WHERE state = 'pending' AND due_at <= $1 AND channel = ANY($2) ORDER BY due_at, message_id LIMIT 1",
        tx.now,
        sending,
    )
    return Message.model_validate(dict(row)) if row else None


async def lock_channels(tx: Tx, message: Message) -> frozenset[str]:
    """Lock FOR SHARE the permissions that cover this message now, and answer their channels: a revocation waits or is seen."""
    rows = await tx.connection.fetch(
        f"SELECT p.channels FROM permission p WHERE p.contact_id = $1 AND $2 = ANY(p.topics) AND {VALID.format(today='$3::date')}"
        " ORDER BY p.permission_id FOR SHARE",
        message.contact_id,
        message.topic,
        today(tx.now, settings()),
    )
    return frozenset(channel for row in rows for channel in row["channels"])


async def is_history(tx: Tx, message: Message) -> bool:
    """Whether its journey or referral has meanwhile turned out to be imported."""
    history: bool = await tx.connection.fetchval(
        "SELECT EXISTS (SELECT FROM message m JOIN historic h ON h.subject_id = ANY(m.subjects) WHERE m.message_id = $1)",
        message.message_id,
    )
    return history


async def lock_pending(tx: Tx, message_id: UUID) -> Message | None:
    """The message if it is still pending and no other sender holds it."""
    row = await tx.connection.fetchrow(
        "SELECT * FROM message WHERE message_id = $1 AND state = 'pending' AND due_at <= $2 FOR UPDATE SKIP LOCKED", message_id, tx.now
    )
    return Message.model_validate(dict(row)) if row else None


async def lock_claim(tx: Tx, claim_id: UUID, message_id: UUID) -> Message | None:
    """The message if this claim still holds it: a sweeper may have called it uncertain."""
    row = await tx.connection.fetchrow(
        "SELECT * FROM message WHERE message_id = $1 AND claim_id = $2 AND state = 'claimed' FOR UPDATE", message_id, claim_id
    )
    return Message.model_validate(dict(row)) if row else None


async def lock_open(tx: Tx, message_id: UUID, contact_id: UUID, states: Sequence[str]) -> Message:
    row = await tx.connection.fetchrow(
        "SELECT * FROM message WHERE message_id = $1 AND contact_id = $2 AND state = ANY($3)"
        " AND NOT EXISTS (SELECT FROM contact c WHERE c.contact_id = $2 AND c.error_at IS NOT NULL) FOR NO KEY UPDATE",
        message_id,
        contact_id,
        states,
    )
    if row is None:
        raise NotFound("message")
    return Message.model_validate(dict(row))


async def save_message(tx: Tx, m: Message) -> None:
    await tx.connection.execute(
        "UPDATE message SET state = $2, channel = $3, reason = $4, due_at = $5, attempts = $6, claim_id = $7, claimed_at = $8,"
        f" event_id = CASE WHEN $4 = '{NO_PERMISSION}' THEN {UNTOLD} ELSE event_id END,"
        " sent_at = $9, delivered_at = $10, read_at = $11 WHERE message_id = $1",
        m.message_id,
        m.state,
        m.channel,
        m.reason,
        m.due_at,
        m.attempts,
        m.claim_id,
        m.claimed_at,
        m.sent_at,
        m.delivered_at,
        m.read_at,
    )


async def suppress_unpermitted(tx: Tx, contact_id: UUID, reason: str) -> list[Record]:
    """Stop what is pending for this contact and no valid permission covers any more; answers (message_id, person_id)."""
    return await tx.connection.fetch(
        f"""
        UPDATE message m SET state = 'suppressed', reason = $2, event_id = {UNTOLD}
        WHERE m.contact_id = $1 AND m.state = 'pending' AND NOT EXISTS (
            SELECT FROM permission p WHERE p.contact_id = $1 AND m.topic = ANY(p.topics) AND {VALID.format(today="$3::date")})
        RETURNING m.message_id, m.person_id
        """,
        contact_id,
        reason,
        today(tx.now, settings()),
    )


async def suppress_person(tx: Tx, person_id: UUID, reason: str) -> list[Record]:
    return await tx.connection.fetch(
        "UPDATE message SET state = 'suppressed', reason = $2 WHERE person_id = $1 AND state = 'pending' RETURNING message_id, person_id",
        person_id,
        reason,
    )


async def suppress_kind(tx: Tx, person_id: UUID, kind: str, reason: str) -> list[Record]:
    """Stop what is pending of one kind about a person; answers (message_id, person_id)."""
    return await tx.connection.fetch(
        "UPDATE message SET state = 'suppressed', reason = $2 WHERE person_id = $1 AND state = 'pending' AND kind = $3"
        " RETURNING message_id, person_id",
        person_id,
        reason,
        kind,
    )


async def resume_person(tx: Tx, person_id: UUID, reasons: Sequence[str]) -> None:
    """What was suppressed for one of these reasons is due again; never the news of a death, nor a correction that a newer one repeats."""
    await tx.connection.execute(
        "UPDATE message m SET state = 'pending', reason = NULL, due_at = $3"
        " WHERE person_id = $1 AND state = 'suppressed' AND reason = ANY($2) AND kind <> $4 AND (kind <> $5 OR NOT EXISTS ("
        "     SELECT FROM message n WHERE n.contact_id = m.contact_id AND n.kind = $5 AND n.message_id > m.message_id))",
        person_id,
        reasons,
        tx.now,
        DEATH.kind,
        NO_DEATH.kind,
    )


async def list_claimed(tx: Tx, contact_id: UUID) -> list[UUID]:
    rows = await tx.connection.fetch(
        "SELECT message_id FROM message WHERE contact_id = $1 AND state = 'claimed' ORDER BY message_id", contact_id
    )
    return [row["message_id"] for row in rows]


async def mark_uncertain(tx: Tx, claimed_before: datetime) -> int:
    rows = await tx.connection.fetch(
        "UPDATE message SET state = 'uncertain', reason = 'claimed-too-long' WHERE message_id IN"
        " (SELECT message_id FROM message WHERE state = 'claimed' AND claimed_at < $1 FOR UPDATE SKIP LOCKED) RETURNING message_id",
        claimed_before,
    )
    return len(rows)


async def save_merged(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await tx.connection.execute("UPDATE message SET person_id = $2 WHERE person_id = $1", person_id, into_id)


SHOWN = """SELECT m.*, c.language, p.life_period,
    coalesce(j.stages, (SELECT n.stages FROM journey n WHERE n.pathway = m.pathway AND n.heard_at IS NOT NULL
                        ORDER BY n.heard_at DESC, n.journey_id DESC LIMIT 1)) AS stages
FROM message m JOIN contact c USING (contact_id) LEFT JOIN person p ON p.person_id = c.person_id
LEFT JOIN journey j ON j.journey_id = m.journey_id"""
"""With the number of stages of its journey, or of the newest one heard of its pathway."""
STANDS = f"c.error_at IS NULL AND (m.kind <> '{DEATH.kind}' OR (p.died_on IS NOT NULL AND m.corrected_at IS NULL))"


async def list_of_contact(tx: Tx, contact_id: UUID, states: Sequence[str], before: UUID, limit: int) -> list[Record]:
    """Newest first. A contact that is gone or was entered in error has none; the news of a reversed death is not shown."""
    return await tx.connection.fetch(
        f"{SHOWN} WHERE m.contact_id = $1 AND m.state = ANY($2) AND m.message_id < $3 AND {STANDS} ORDER BY m.message_id DESC LIMIT $4",
        contact_id,
        states,
        before,
        limit,
    )


async def list_of_organisation(
    tx: Tx, organisation_id: UUID, relations: Sequence[str], states: Sequence[str], page: tuple[UUID, int]
) -> list[Record]:
    """The messages about all persons to whom the organisation has one of these relations, newest first: before an id, so many."""
    return await tx.connection.fetch(
        f"{SHOWN} WHERE c.person_id IN (SELECT person_id FROM relation WHERE organisation_id = $1 AND relation = ANY($2))"
        " AND m.state = ANY($3) AND m.message_id < $4 ORDER BY m.message_id DESC LIMIT $5",
        organisation_id,
        relations,
        states,
        *page,
    )


async def find_shown(tx: Tx, message_id: UUID, contact_id: UUID | None) -> Record | None:
    """`contact_id`: the contact that asks, who is not shown the news of a death that was reversed."""
    return await tx.connection.fetchrow(
        f"{SHOWN} WHERE m.message_id = $1 AND (m.contact_id <> $2 OR $2 IS NULL OR ({STANDS}))", message_id, contact_id
    )


async def count_by_state(tx: Tx) -> list[Record]:
    """(topic, state, messages), of all persons together."""
    return await tx.connection.fetch("SELECT topic, state, count(*) AS messages FROM message GROUP BY topic, state ORDER BY topic, state")
