"""What can be asked of weekly records: to take results, to be judged, to wait until the next week closes."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import NamedTuple
from uuid import UUID, uuid4

from services.programme.day.domain import Days
from services.programme.journey.domain import Journey, Spell
from services.programme.weekly import domain, store
from services.programme.weekly.domain import Change, Reach, Results, WeeklyRecord
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx

WEEK_OVER = "week-over"


class Bounds(NamedTuple):
    """What bounds the weeks that are entered, and how far the record answers."""

    days: Days
    reach: Reach


async def judge(tx: Tx, journey: Journey, spell: Spell, definitions: Iterable[str], results: Results, bounds: Bounds) -> list[Change]:
    """Take the results and apply the definitions; answers what changed. Call under the journey's lock. Raises Refused."""
    found = await store.find_record(tx, journey.journey_id, spell.stage, spell.number)
    record, waiting_id = found or (domain.begin(spell, journey.imported, tx.now.date()), None)
    record = domain.record_results(record, results, bounds.days)
    record, changes = domain.judge(record, definitions, bounds.reach)
    await store.save_record(tx, journey.journey_id, record, await _wait(tx, record, waiting_id, bounds.reach))
    return changes


async def judge_again(
    tx: Tx, journey: Journey, spell: Spell, definitions: Iterable[str], bounds: Bounds, is_due: bool = False
) -> list[Change]:
    """A week was closed by itself (`is_due`: it waits under a new id), or the record answers for other weeks now.

    Call under the journey's lock. Raises Refused for a corrected start that the results do not fit.
    """
    found = await store.find_record(tx, journey.journey_id, spell.stage, spell.number)
    if found is None:
        return []
    record, waiting_id = found
    has_moved = (record.started_on, record.weeks) != (spell.started_on, spell.weeks)
    if has_moved:
        record = domain.moved(record, spell, bounds.days)
    record, changes = domain.judge(record, definitions, bounds.reach, has_moved)
    await store.save_record(tx, journey.journey_id, record, await _wait(tx, record, None if is_due else waiting_id, bounds.reach))
    return changes


async def find(tx: Tx, journey_id: UUID, spell: Spell) -> WeeklyRecord | None:
    """Call under the journey's lock."""
    found = await store.find_record(tx, journey_id, spell.stage, spell.number)
    return found[0] if found else None


async def correct(tx: Tx, journey_id: UUID, record: WeeklyRecord) -> None:
    """Results of it were none: to be judged again. Call under the journey's lock."""
    found = await store.find_record(tx, journey_id, record.stage, record.spell)
    await store.save_record(tx, journey_id, record, found[1] if found else None)


async def remove(tx: Tx, journey_id: UUID, spell: Spell) -> WeeklyRecord | None:
    """The stay never was: no week of it closes any more. Answers what was recorded. Call under the journey's lock."""
    found = await store.find_record(tx, journey_id, spell.stage, spell.number)
    if found is None:
        return None
    record, waiting_id = found
    await store.delete_record(tx, journey_id, spell.stage, spell.number)
    if waiting_id is not None:
        await meet_deadline(tx, WEEK_OVER, subject_id=waiting_id)
    return record


async def _wait(tx: Tx, record: WeeklyRecord, waiting_id: UUID | None, reach: Reach) -> UUID | None:
    """Sets the deadline at which the next week closes by itself; none is left: meets it."""
    due_on = record.next_closing_on(reach) if reach.until >= tx.now.date() else None
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
