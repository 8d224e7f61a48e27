"""The sender: a worker's loop that claims one message, commits, hands it over and keeps the outcome. Rules are the domain's."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog

from services.family.message import domain, service
from services.family.message.domain import Outcome
from services.family.message.mail import MailServer
from services.family.message.service import Claim
from services.family.message.wording import WORDING
from services.family.settings import settings
from shared import points
from shared.database import Database, TimedOut, Transient
from shared.delivery import outbox

IDLE_S = 0.3
SWEEP_EVERY = 20
Send = Callable[[str, str, str], Awaitable[Outcome]]
log = structlog.get_logger()


async def send_messages(database: Database, stopping: asyncio.Event, heard: asyncio.Event) -> None:
    """Runs until `stopping`; several may run, in several workers. A message being handed over is finished first."""
    own = settings()
    send = MailServer(own.smtp_host, own.smtp_port, own.mail_from, own.smtp_timeout_s).send
    await run(database, send, stopping, heard)


async def run(database: Database, send: Send, stopping: asyncio.Event, heard: asyncio.Event) -> None:
    """The loop itself, whatever `send` is. `heard`: there may be new messages, since events took effect here."""
    turns = 0
    while not stopping.is_set():
        worked = await _turn(database, send, sweep=turns % SWEEP_EVERY == 0)
        turns += 1
        if not worked:
            await _pause(heard)


async def _turn(database: Database, send: Send, sweep: bool) -> bool:
    try:
        if sweep:
            await sweep_claims(database)
        return await send_next(database, send)
    except (Transient, TimedOut) as error:
        log.warning("sender-waits", sqlstate=str(error))
        return False


async def sweep_claims(database: Database) -> int:
    """Claims older than 60 s become uncertain; answers how many did."""
    async with database.transaction() as tx:
        return await service.mark_uncertain(tx)


async def send_next(database: Database, send: Send) -> bool:
    """One message from claim to outcome; answers whether there was one. The claim is committed before anything is sent."""
    async with database.transaction() as tx:
        found, claim = await service.claim_next(tx)
        await outbox.write(tx)
    if claim is not None:
        points.reach("after-claim")
        outcome = await _hand_over(claim, partial(_is_stale, database, claim), send)
        points.reach("after-send")
        async with database.transaction() as tx:
            await service.settle(tx, claim, outcome)
            await outbox.write(tx)
    return found


async def _hand_over(claim: Claim, is_stale: Callable[[], bool], send: Send) -> Outcome:
    """A claim older than 10 s is given up unsent, long before a sweep could call it uncertain."""
    if is_stale():
        return "given-up"
    return await send(claim.email, WORDING.subject[claim.language], WORDING.email[claim.language])


def _is_stale(database: Database, claim: Claim) -> bool:
    claimed_at = claim.message.claimed_at
    return claimed_at is None or database.now() - claimed_at > domain.CLAIM_GIVEN_UP


async def _pause(heard: asyncio.Event) -> None:
    """Short enough to stop in time."""
    try:
        await asyncio.wait_for(heard.wait(), IDLE_S)
    except TimeoutError:
        return
    finally:
        heard.clear()
