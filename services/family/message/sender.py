"""The sender: a worker's loop that claims one message after another, commits, hands it over and keeps the outcome. Rules: the domain's."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

import structlog

from services.family.channel import service as channels
from services.family.channel.domain import Outcome, Send
from services.family.message import domain, service
from services.family.message.service import Claim
from services.family.message.wording import WORDING
from services.family.settings import settings
from shared import points
from shared.database import Database, TimedOut, Transient
from shared.delivery import outbox

IDLE_S = 0.3
SWEEP_EVERY = 20
HANDS = 4
"""Messages on their way to a server at once: fewer than the worker has connections."""
Senders = Mapping[str, Send]
"""What sends, by the name of its channel."""
log = structlog.get_logger()


async def send_messages(database: Database, stopping: asyncio.Event, heard: asyncio.Event) -> None:
    """Runs until `stopping`; several may run, in several workers. A message being handed over is finished first."""
    await run(database, channels.senders(settings()), stopping, heard)


async def run(database: Database, senders: Senders, stopping: asyncio.Event, heard: asyncio.Event) -> None:
    """The loop itself, whatever sends. `heard`: there may be new messages, since events took effect here.

    Nothing is claimed before a hand is free for it, so that no claim grows old in a queue.
    """
    free, turns = asyncio.Semaphore(HANDS), 0
    async with asyncio.TaskGroup() as hands:
        while not stopping.is_set():
            await free.acquire()
            found, claim = await _turn(database, sweep=turns % SWEEP_EVERY == 0)
            turns += 1
            if claim is None:
                free.release()
            else:
                hands.create_task(hand_over(database, claim, senders, stopping)).add_done_callback(lambda _: free.release())
            if not found:
                await _pause(heard)


async def _turn(database: Database, sweep: bool) -> tuple[bool, Claim | None]:
    try:
        if sweep:
            await sweep_claims(database)
        return await claim_next(database)
    except (Transient, TimedOut) as error:
        log.warning("sender-waits", sqlstate=str(error))
        return False, None


async def sweep_claims(database: Database) -> int:
    """Claims older than 60 s become uncertain; answers how many did."""
    async with database.transaction() as tx:
        return await service.mark_uncertain(tx)


async def claim_next(database: Database) -> tuple[bool, Claim | None]:
    """Whether there was a message due, and the claim of it unless it ended here. Committed before anything is sent."""
    async with database.transaction() as tx:
        found = await service.claim_next(tx)
        await outbox.write(tx)
    return found


async def hand_over(database: Database, claim: Claim, senders: Senders, stopping: asyncio.Event) -> None:
    """From claim to outcome. A claim older than 10 s is given up unsent, long before a sweep could call it uncertain."""
    points.reach("after-claim")
    outcome = "given-up" if _is_older(database, claim, domain.CLAIM_GIVEN_UP) else await _send(senders, claim)
    points.reach("after-send")
    while not await _settled(database, claim, outcome) and not _is_older(database, claim, domain.CLAIM_UNCERTAIN):
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), IDLE_S)
            return


async def _send(senders: Senders, claim: Claim) -> Outcome:
    channel = channels.get_channel(claim.message.channel)
    return await senders[channel.name](claim.address, *WORDING.leaving(channel, claim.language))


async def _settled(database: Database, claim: Claim, outcome: Outcome) -> bool:
    """Whether what is known of a sending was kept: a database that is away for a moment makes nothing uncertain."""
    try:
        async with database.transaction() as tx:
            await service.settle(tx, claim, outcome)
            await outbox.write(tx)
    except (Transient, TimedOut) as error:
        log.warning("outcome-waits", sqlstate=str(error))
        return False
    return True


def _is_older(database: Database, claim: Claim, age: timedelta) -> bool:
    claimed_at = claim.message.claimed_at
    return claimed_at is None or database.now() - claimed_at > age


async def _pause(heard: asyncio.Event) -> None:
    """Short enough to stop in time."""
    try:
        await asyncio.wait_for(heard.wait(), IDLE_S)
    except TimeoutError:
        return
    finally:
        heard.clear()
