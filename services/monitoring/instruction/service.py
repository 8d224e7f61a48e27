"""What can be asked about instructions: lock, decide, save, append."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from pydantic import BaseModel

from services.monitoring.instruction import domain, store
from services.monitoring.instruction.domain import Addressed, Correction, What, acknowledgement_outcome
from services.monitoring.settings import settings
from shared.clock import meet_deadline, set_deadline
from shared.database import Connection, Tx
from shared.errors import NotFound, Refused
from shared.events.monitoring import InstructionClosed, InstructionIssued
from shared.working_days import end_of, working_day

ACKNOWLEDGEMENT_DUE = "acknowledgement-due"
IMPLEMENTATION_DUE = "implementation-due"


class Instruction(BaseModel):
    """An instruction with the parts its reader may see."""

    instruction_id: UUID
    title: str
    measure: str | None
    issued_at: datetime
    due_on: date
    closed_at: datetime | None
    error_at: datetime | None = None
    error_reason: str | None = None
    parts: list[Addressed]
    corrections: list[tuple[UUID, Correction]] = []


async def issue(tx: Tx, title: str, regions: tuple[str, ...], measure: str | None, due_on: date | None) -> UUID:
    """Address an instruction to regions; acknowledgement and implementation are due from now on. Source: mission row 002-13."""
    today = tx.now.date()
    due_on = due_on or today + timedelta(days=settings().implement_days)
    domain.check_issue(due_on, today, regions)
    acknowledge_on = working_day(today, settings().acknowledge_working_days, settings().country)
    instruction_id, acknowledgement_due_at, implementation_due_at = uuid4(), end_of(acknowledge_on), end_of(due_on)
    await store.insert_instruction(tx, instruction_id, title, measure, due_on)
    for part in await store.insert_parts(tx, instruction_id, regions, acknowledgement_due_at, implementation_due_at):
        await set_deadline(tx, ACKNOWLEDGEMENT_DUE, part, acknowledgement_due_at)
        await set_deadline(tx, IMPLEMENTATION_DUE, part, implementation_due_at)
    tx.append(instruction_id, InstructionIssued(instruction_id=instruction_id, regions=regions, due_on=due_on))
    return instruction_id


async def acknowledge(tx: Tx, instruction_id: UUID, region: str) -> Addressed:
    """Raises NotFound for an instruction that does not address a region of the caller's, absent or foreign alike."""
    part = domain.acknowledge(await _lock_own_part(tx, instruction_id, region), tx.now)
    await store.save_part(tx, part)
    await meet_deadline(tx, ACKNOWLEDGEMENT_DUE, subject_id=part.addressed_id)
    return part


async def implement(tx: Tx, instruction_id: UUID, region: str, evidence: str) -> Addressed:
    """Raises NotFound as `acknowledge` does."""
    part = domain.implement(await _lock_own_part(tx, instruction_id, region), evidence, tx.now)
    await store.save_part(tx, part)
    await meet_deadline(tx, IMPLEMENTATION_DUE, subject_id=part.addressed_id)
    return part


async def take_back(tx: Tx, instruction_id: UUID, region: str, what: What, reason: str) -> None:
    """A region's word that was a mistake: what was due then is due again, with the deadline that ran. Said again it changes nothing.

    Raises NotFound as `acknowledge` does, Refused("not-correctable"). Source: issue of corrections, section 1.
    """
    part = await _lock_own_part(tx, instruction_id, region)
    is_acknowledgement = what == "acknowledgement"
    said_at = part.acknowledged_at if is_acknowledgement else part.implemented_at
    if said_at is None:
        return
    await store.save_part(tx, domain.take_back(part, what))
    await store.insert_correction(tx, part, what, reason)
    overdue_at = part.acknowledgement_overdue_at if is_acknowledgement else part.implementation_overdue_at
    if overdue_at is None and not part.closed:
        due_at = part.acknowledgement_due_at if is_acknowledgement else part.implementation_due_at
        await set_deadline(tx, ACKNOWLEDGEMENT_DUE if is_acknowledgement else IMPLEMENTATION_DUE, part.addressed_id, due_at)


async def enter_in_error(tx: Tx, instruction_id: UUID, reason: str) -> None:
    """It was issued by mistake: nothing is expected of anyone, and it counts nowhere. A second time changes nothing."""
    if (await store.lock_instruction(tx, instruction_id))["error_at"]:
        return
    await store.save_error(tx, instruction_id, reason)
    for part in await store.list_parts(tx.connection, [instruction_id]):
        await meet_deadline(tx, ACKNOWLEDGEMENT_DUE, IMPLEMENTATION_DUE, subject_id=part.addressed_id)
    tx.append(instruction_id, InstructionClosed(instruction_id=instruction_id, in_error=True))


async def _lock_own_part(tx: Tx, instruction_id: UUID, region: str) -> Addressed:
    if not domain.covers(tx.caller.regions, region):
        raise NotFound("instruction")
    return await store.lock_part(tx, instruction_id, region)


async def close(tx: Tx, instruction_id: UUID) -> None:
    """Nothing more is expected of anyone. Raises Refused("instruction-closed")."""
    found = await store.lock_instruction(tx, instruction_id)
    if found["closed_at"] or found["error_at"]:
        raise Refused("instruction-closed")
    await store.save_closing(tx, instruction_id)
    for part in await store.list_parts(tx.connection, [instruction_id]):
        await meet_deadline(tx, ACKNOWLEDGEMENT_DUE, IMPLEMENTATION_DUE, subject_id=part.addressed_id)
    tx.append(instruction_id, InstructionClosed(instruction_id=instruction_id))


async def note_overdue(tx: Tx, addressed_id: UUID, what: str) -> None:
    """The time of `what` has run out."""
    part = await store.lock_part_of(tx, addressed_id)
    await store.save_part(tx, domain.mark_overdue(part, what, tx.now))


async def list_instructions(tx: Tx, in_error: bool, before: tuple[datetime, UUID], limit: int) -> list[Instruction]:
    """Newest first: those that stand, or those issued by mistake. A region's caller sees its regions' instructions and parts alone."""
    regions = None if tx.caller.has("ministry") else tx.caller.regions
    rows = await store.list_instructions(tx, regions, in_error, before, limit + 1)
    parts = await store.list_parts(tx.connection, [row["instruction_id"] for row in rows])
    seen = [part for part in parts if regions is None or domain.covers(regions, part.region)]
    corrections = await store.list_corrections(tx, seen)
    return [
        Instruction(**dict(row), parts=[part for part in seen if part.instruction_id == row["instruction_id"]], corrections=corrections)
        for row in rows
    ]


async def acknowledgements(connection: Connection, before: date) -> list[tuple[str, int | None]]:
    """(outcome, hours until answered) of every region addressed before that day. Source: mission row 002-22."""
    parts = await store.list_parts_issued_before(connection, before)
    return [(acknowledgement_outcome(part), _hours(issued_at, part.acknowledged_at)) for issued_at, part in parts]


def _hours(since: datetime, until: datetime | None) -> int | None:
    return int((until - since).total_seconds() // 3600) if until else None
