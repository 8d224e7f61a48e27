"""Rights at the edge: who may hear of a stream, how long a kept answer is given again, and what is written down of a refusal.

Which relation opens what is each service's own. Source: contracts section 3, "Rights at the edge"; ADR 27.
"""

from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

import orjson
import structlog

from shared.database import Database, TimedOut, Transient, Tx
from shared.delivery import outbox
from shared.delivery.outbox import Kept
from shared.errors import NotFound
from shared.identity import Caller
from shared.limiting import Limit

Relates = Callable[[Tx, UUID], Awaitable[bool]]
"""Whether the caller has a relation to the person or organisation whose stream this is, as far as the service has heard."""

REFUSALS = Limit(60, 60.0)
"""Refusals written down: of one caller at most 60 a minute, so that nobody fills the audit by trying."""

log = structlog.get_logger("rights")


async def may_hear(tx: Tx, relates: Relates, stream_id: UUID) -> bool:
    """Whether the caller may learn of this stream: an operator of any, others by relation. The ministry level knows no person."""
    return tx.caller.has("operator") or await relates(tx, stream_id)


async def must_last(tx: Tx, relates: Relates, kept: Kept, events: str | None) -> None:
    """A kept answer is given again only while the right lasts. Raises NotFound("answer").

    The right is looked for in the persons it was asked about and in the streams the command told of. Relations are of organisations
    and of persons; whoever acts without one (a contact, a region, the ministry) was judged by role and by its own id.
    """
    caller = tx.caller
    if kept.ended_right or caller.has("contact", "safeguarding") or not (caller.organisation_id or caller.has("person")):
        return
    streams = {UUID(place.split("/")[1]) for place in (events or "").split(", ") if place}
    for stream_id in sorted(streams | set(kept.about)):
        if not await relates(tx, stream_id):
            raise NotFound("answer")


async def note_refusal(database: Database, caller: Caller, action: str, parts: Iterable[object], body: bytes = b"") -> None:
    """Write a refusal to the audit, in a transaction of its own; the answer does not depend on it.

    `parts`: the parameters of the path; without an id among them the person counts that the `body` of the command names. Without any
    id nothing is written.
    """
    subject = next((found for part in (*parts, _person_in(body)) if (found := _id(part))), None)
    if subject is None or not REFUSALS.allows((caller.sub, caller.organisation_id)):
        return
    try:
        async with database.transaction(caller) as tx:
            tx.audit(action, subject)
            await outbox.write(tx)
    except (Transient, TimedOut) as error:
        log.warning("refusal-not-written", reason=type(error).__name__)


def _person_in(body: bytes) -> object:
    try:
        sent = orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None
    return sent.get("person_id") if isinstance(sent, dict) else None


def _id(part: object) -> UUID | None:
    try:
        return UUID(str(part))
    except ValueError:
        return None
