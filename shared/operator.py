"""Who stands at the machine: an operator by an access token or, while no issuer can be asked, who breaks the glass.

What operators do is operations.py's.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog

from shared.database import Tx
from shared.errors import Refused
from shared.identity import Caller, Identity, IssuerLost, Unauthenticated, identity_of
from shared.policy import roles
from shared.settings import ServiceSettings

BREAK = "INSERT INTO broken_glass (at, principal, reason, topic, stream_id, seq) VALUES ($1, $2, $3, $4, $5, $6)"
IS_OPERATOR = roles("operator")
log = structlog.get_logger("operator")


@dataclass(frozen=True)
class Shown:
    """What somebody shows: an access token, or the code of a reason for breaking the glass with the name given then."""

    token: str
    reason: str | None = None
    name: str | None = None


async def signed_in(service: str, settings: ServiceSettings, shown: Shown) -> Caller:
    """The operator whose token it is; or whoever says to be one, where no issuer is named or its keys cannot be had.

    Raises Refused with a code of `operations.REFUSALS`. Source: decision 26.
    """
    if "issuer" not in settings.model_fields_set:
        return await _checked(None, shown)
    identity = identity_of(service, settings)
    try:
        return await _checked(identity, shown)
    finally:
        await identity.client.aclose()


async def _checked(identity: Identity | None, shown: Shown) -> Caller:
    if shown.reason is not None and shown.name is not None:
        if identity is not None and await identity.has_keys():
            raise Refused("issuer-there")
        return Caller(shown.name)
    if identity is None:
        raise Refused("no-issuer")
    try:
        caller = await identity.of(f"Bearer {shown.token}")
    except Unauthenticated:
        raise Refused("not-signed-in") from None
    except IssuerLost:
        raise Refused("issuer-away") from None
    if not IS_OPERATOR(caller):
        raise Refused("no-operator")
    return caller


async def alarm(tx: Tx, reason: str, topic: str, stream_id: UUID, seq: int) -> None:
    """The glass is broken: a row that `/delivery` and the metrics count, one in the audit, and a line of the log."""
    await tx.connection.execute(BREAK, tx.now, tx.caller.sub, reason, topic, stream_id, seq)
    tx.audit("break-glass", stream_id)
    log.error("glass-broken", principal=tx.caller.sub, reason=reason, topic=topic, stream=str(stream_id), seq=seq)
