"""Discard: how a failed parked event leaves without taking effect, by two persons. Running events again is `inbox.py`'s.

Source: delivery section 4; decision 18.
"""

from uuid import UUID

from shared.database import Tx
from shared.delivery import inbox
from shared.errors import Refused

PROPOSE = """
INSERT INTO discard AS d (topic, stream_id, seq, reason, proposed_by, proposed_at)
SELECT topic, stream_id, seq, $4, $5, $6 FROM parked WHERE topic = $1 AND stream_id = $2 AND seq = $3 AND state = 'failed'
ON CONFLICT (topic, stream_id, seq) DO UPDATE
SET reason = EXCLUDED.reason, proposed_by = EXCLUDED.proposed_by, proposed_at = EXCLUDED.proposed_at WHERE d.confirmed_at IS NULL
RETURNING true
"""
FAILED = "SELECT state = 'failed' FROM parked WHERE topic = $1 AND stream_id = $2 AND seq = $3"
PROPOSED = """
SELECT reason, proposed_by FROM discard WHERE topic = $1 AND stream_id = $2 AND seq = $3 AND confirmed_at IS NULL FOR NO KEY UPDATE
"""
CONFIRM = """
WITH gone AS (DELETE FROM parked WHERE topic = $1 AND stream_id = $2 AND seq = $3 RETURNING reason, attributes, body)
UPDATE discard d SET confirmed_by = $4, confirmed_at = $5, parked_reason = gone.reason, attributes = gone.attributes, body = gone.body
FROM gone WHERE d.topic = $1 AND d.stream_id = $2 AND d.seq = $3
"""
PASS_OVER = "UPDATE inbox SET last_seq = $3 WHERE topic = $1 AND stream_id = $2"


async def propose(tx: Tx, topic: str, stream_id: UUID, seq: int, reason: str) -> None:
    """Remember who wants this failed event discarded and why; a later proposal replaces one not confirmed yet.

    `reason` is a code, never a text. Raises Refused when no failed event is parked there.
    """
    if not await tx.connection.fetchval(PROPOSE, topic, stream_id, seq, reason, tx.caller.sub, tx.now):
        raise Refused("not-failed")
    tx.audit("propose-discard", stream_id)


async def confirm(tx: Tx, topic: str, stream_id: UUID, seq: int) -> str:
    """Take a proposed event off its stream, for another person than the proposer's; answers the reason.

    The event is kept in `discard`. The stream stays blocked: replay goes on behind it. Raises Refused.
    """
    if await tx.connection.fetchval(FAILED, topic, stream_id, seq) is None:
        raise Refused("not-failed")
    position = (await inbox.claim(tx, {(topic, stream_id)}))[(topic, stream_id)]
    if seq != position.last_seq + 1 or not await tx.connection.fetchval(FAILED, topic, stream_id, seq):
        raise Refused("not-failed")
    proposal = await tx.connection.fetchrow(PROPOSED, topic, stream_id, seq)
    if proposal is None:
        raise Refused("not-proposed")
    if proposal["proposed_by"] == tx.caller.sub:
        raise Refused("same-person")
    await tx.connection.execute(CONFIRM, topic, stream_id, seq, tx.caller.sub, tx.now)
    await tx.connection.execute(PASS_OVER, topic, stream_id, seq)
    tx.audit("confirm-discard", stream_id)
    return str(proposal["reason"])
