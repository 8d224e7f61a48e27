"""What family may be told of stays: starts, ends and corrections. Who holds a journey is made of them, and of nothing else."""

from dataclasses import dataclass

from services.family.stay import domain, store
from services.family.stay.domain import Standing, StayFact
from shared.database import Tx
from shared.events.programme import JourneyCorrected, JourneyOpened, StageCompleted, StageLeft, StageStarted, StayCorrected


@dataclass(frozen=True)
class Corrected:
    """How a stay stood and stands. `goes_on`: the person stays in its stage now, be it by another spell.

    `before` None: it was not known, or only that it had ended.
    """

    before: Standing | None
    after: Standing
    goes_on: bool


def open_journey(tx: Tx, opened: JourneyOpened) -> None:
    """Who opened a journey holds it until a first start; who opened it by an acceptance does not."""
    if not opened.by_acceptance:
        tx.gather(store.save_stays, domain.of_opening(opened, _seq(tx)))
        _hold(tx, opened)


def start(tx: Tx, started: StageStarted) -> None:
    """Who started last holds the journey; what another had as holder ends. Source: contracts, Stages."""
    tx.gather(store.save_stays, domain.of_start(started, _seq(tx)))
    _hold(tx, started)
    tx.gather(store.end_heard, (started.person_id, started.organisation_id, tx.now))


def end(tx: Tx, ended: StageCompleted | StageLeft) -> None:
    """Once no stay of its holder goes on, a later start in another journey takes the person over."""
    tx.gather(store.save_stays, domain.of_end(ended, _seq(tx)))


async def correct(tx: Tx, event: StayCorrected) -> Corrected | None:
    """The stay is what this says, and who holds the journey is made anew. None: something newer was heard of it.

    Written at once, with what the batch gathered before, since a correction is decided by what it corrects. No other transaction
    waits for these rows: the stays of a journey come on one stream, whose place is locked. Source: issue of corrections, section 1.
    """
    await _write(tx)
    kept = await store.find_stay(tx, event.journey_id, event.stage, event.spell)
    if kept and kept["seq"] >= _seq(tx):
        return None
    fact = domain.of_correction(event, _seq(tx))
    await _write(tx, fact)
    _hold(tx, event)
    if event.started_on is None:
        tx.gather(store.end_made_in_error, (event.journey_id, tx.now))
    before = domain.standing_of(kept["started_on"], kept["has_ended"], kept["how"]) if kept else None
    after = domain.standing_of(fact.started_on, fact.has_ended, fact.how) or "left"
    return Corrected(before, after, await store.goes_on(tx, event.journey_id, event.stage))


async def correct_journey(tx: Tx, event: JourneyCorrected) -> None:
    """Another day of its opening; or the journey was entered in error, and nobody ever held it."""
    if event.opened_on is None:
        await _write(tx)
        await store.withdraw_stays(tx, event.journey_id, _seq(tx))
        tx.gather(store.end_made_in_error, (event.journey_id, tx.now))
    else:
        tx.gather(store.save_stays, domain.of_opening(event, _seq(tx)))
    _hold(tx, event)


def _hold(tx: Tx, event: JourneyOpened | JourneyCorrected | StageStarted | StayCorrected) -> None:
    tx.gather(store.hold, (event.person_id, event.organisation_id, event.journey_id, tx.now))


async def _write(tx: Tx, *facts: StayFact) -> None:
    if rows := [*tx.rows.pop(store.save_stays, []), *facts]:
        await store.save_stays(tx.connection, rows)


def _seq(tx: Tx) -> int:
    if tx.cause is None:
        raise ValueError("a stay comes from an event")
    return tx.cause.seq
