"""What can be asked of weekly records: to take results, to be judged, to wait for the next week."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import NamedTuple
from uuid import UUID, uuid4

from services.programme.day.domain import Days
from services.programme.definition.domain import Result
from services.programme.journey.domain import Journey, Spell
from services.programme.weekly import domain, store
from services.programme.weekly.domain import Change, WeeklyRecord
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx

WEEK_OVER = "week-over"


class Results(NamedTuple):
    """Weekly results as they were entered; `closes`: no more is expected."""

    by_week: Mapping[int, Result]
    closes: bool


class Bounds(NamedTuple):
    """What bounds the weeks that are entered; `until`: today, or the day after which no week passes any more."""

    days: Days
    until: date


async def judge(tx: Tx, journey: Journey, spell: Spell, definitions: Iterable[str], results: Results, bounds: Bounds) -> list[Change]:
    """Take the results and apply the definitions; answers what changed. Call under the journey's lock. Raises Refused."""
    found = await store.find_record(tx, journey.journey_id, spell.stage, spell.number)
    record, waiting_id = found or (domain.begin(spell, journey.imported), None)
    record = domain.record_results(record, results.by_week, results.closes, bounds.days)
    record, changes = domain.judge(record, definitions, bounds.until)
    await store.save_record(tx, journey.journey_id, record, await _wait(tx, record, waiting_id, bounds.until))
    return changes


async def week_over(tx: Tx, journey: Journey, spell: Spell, definitions: Iterable[str], until: date) -> list[Change]:
    """A week passed by itself: apply the definitions again and wait, under a new id, for the next. Call under the journey's lock."""
    found = await store.find_record(tx, journey.journey_id, spell.stage, spell.number)
    if found is None:
        return []
    record, changes = domain.judge(found[0], definitions, until)
    await store.save_record(tx, journey.journey_id, record, await _wait(tx, record, None, until))
    return changes


async def _wait(tx: Tx, record: WeeklyRecord, waiting_id: UUID | None, until: date) -> UUID | None:
    """Sets the deadline for the next week that passes by itself; none is left: meets it."""
    today = tx.now.date()
    due_on = record.next_over_on(today) if until >= today else None
    if due_on is None:
        if waiting_id:
            await meet_deadline(tx, WEEK_OVER, subject_id=waiting_id)
        return None
    waiting_id = waiting_id or uuid4()
    await set_deadline(tx, WEEK_OVER, waiting_id, datetime.combine(due_on, time(), UTC))
    return waiting_id


async def find_waiting(tx: Tx, waiting_id: UUID) -> tuple[UUID, int, int] | None:
    """Journey, stage and spell of the record that waits under this id; None when it waits no more."""
    return await store.find_waiting(tx, waiting_id)


async def list_stopped(tx: Tx, journey_id: UUID) -> list[tuple[int, int]]:
    """Stage and spell of the records for which no week passes by itself any more; imported ones never did."""
    return [(record.stage, record.spell) for record in await store.list_stopped(tx, journey_id) if not record.imported]


async def list_records(tx: Tx, journey_id: UUID) -> list[WeeklyRecord]:
    return await store.list_records(tx, journey_id)
