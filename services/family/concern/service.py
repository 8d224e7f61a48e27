"""What can be asked of concerns: raise, forward, read, answer, amend, enter in error, escalate, list.

The receipt is the same whatever is known.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from services.family.concern import domain, store
from services.family.concern.domain import AmendReason, By, Concern, Measure, Reader, SeenSign, Worldview
from services.family.contact import service as contacts
from services.family.contact.domain import ErrorReason
from services.family.person import service as persons
from services.family.settings import settings
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx
from shared.errors import NotFound
from shared.events import Event
from shared.identity import Caller
from shared.working_days import end_of, working_day

FORWARD = "concern-forward"
ANSWER_DUE = "concern-answer-due"
WITHDRAW = "concern-withdraw"


@dataclass(frozen=True)
class Raising:
    """What someone reports. `link`: a contact's own link, which names the person; None or unknown: a free description.

    `region`: where it was seen; None: that of the person or of the caller's organisation, as far as known.
    """

    link: UUID | None
    signs: tuple[SeenSign, ...]
    description: str | None
    worldview: Worldview
    region: str | None = None


async def raise_concern(tx: Tx, raising: Raising) -> UUID:
    """Keeps a concern and answers its random id: the same statements, answer and headers whether or not the person is known.

    Nothing is appended here, since the answer's header would name the person's stream: a deadline that is due at once forwards
    it. A contact speaks for itself: the organisation it belongs to, such as a school, does not read it for that.
    Raises Refused for what the report itself lacks, never for whom it names. Source: OUR-05, mission rows 000-08..14.
    """
    domain.must_be_raisable(raising.signs, raising.description)
    concern = Concern(
        concern_id=uuid4(),
        person_id=None,
        linked=False,
        raised_by=tx.caller.sub,
        raised_by_organisation_id=None if tx.caller.has("contact") else tx.caller.organisation_id,
        raised_at=tx.now,
        severity=domain.severity_of(raising.signs, raising.worldview),
        signs=raising.signs,
        description=raising.description,
        worldview=raising.worldview,
        region=raising.region,
    )
    await store.insert_concern(tx, concern, raising.link, contacts.id_of(tx.caller), persons.organisation_of(tx.caller))
    await set_deadline(tx, FORWARD, concern.concern_id, tx.now)
    await set_deadline(tx, ANSWER_DUE, concern.concern_id, answer_due(tx.now))
    return concern.concern_id


async def forward(tx: Tx, concern_id: UUID) -> None:
    """Tell the other services of a linked concern, in codes only, unless the person is gone meanwhile."""
    concern = await store.lock_concern(tx, concern_id)
    facts = domain.raised(concern)
    if facts and concern.person_id is not None and await persons.is_living(tx, concern.person_id):
        tx.append(concern.person_id, *facts)
        await store.save_told(tx, concern_id)


async def resume(tx: Tx, person_id: UUID) -> None:
    """The person lives after all: what was raised meanwhile is forwarded now."""
    for concern_id in await store.list_untold(tx, person_id):
        await set_deadline(tx, FORWARD, concern_id, tx.now)


async def read_concern(tx: Tx, concern_id: UUID) -> Concern:
    concern, facts = domain.read(await _lock_reached(tx, concern_id), tx.now)
    return await _save(tx, concern, facts)


async def answer_concern(tx: Tx, concern_id: UUID, measure: Measure, note: str | None) -> Concern:
    """Ends its clock. The words stay here; whoever raised it learns that and when it was read, no more. Source: OUR-05."""
    concern, facts = domain.answered(await _lock_reached(tx, concern_id), measure, note, _by(tx.caller), tx.now)
    await meet_deadline(tx, ANSWER_DUE, subject_id=concern_id)
    return await _save(tx, concern, facts)


async def amend_answer(tx: Tx, concern_id: UUID, right: tuple[Measure, str | None], reason: AmendReason) -> Concern:
    """The answer was another one, by who answered. No other service keeps what it said. Source: issue of corrections."""
    concern = domain.amended(await _lock_reached(tx, concern_id), right, reason, _by(tx.caller), tx.now)
    return await _save(tx, concern, [])


async def enter_in_error(tx: Tx, concern_id: UUID, reason: ErrorReason) -> None:
    """By who raised it, or by who has the case. A second time changes nothing. Raises NotFound("concern") or Refused.

    As in `raise_concern` nothing is appended here, so that the answer tells nobody whether the person is known.
    """
    reaches = await _may_withdraw(tx, concern_id)
    concern = await store.lock_concern(tx, concern_id)
    if not reaches and not await _is_own(tx, concern):
        raise NotFound("concern")
    await _enter_in_error(tx, concern, reason, reaches)


async def contact_in_error(tx: Tx, person_id: UUID, contact_id: UUID) -> None:
    """What a contact of the wrong person raised is about the wrong person, also where it was answered. The right was checked."""
    for concern in await store.lock_raised(tx, str(contact_id), person_id):
        await _enter_in_error(tx, concern, "other-person", reaches=True)


async def _enter_in_error(tx: Tx, concern: Concern, reason: ErrorReason, reaches: bool) -> None:
    changed = domain.entered_in_error(concern, reason, _by(tx.caller), tx.now, reaches)
    if changed != concern:
        await store.save_error(tx, changed)
        await meet_deadline(tx, ANSWER_DUE, subject_id=concern.concern_id)
        await set_deadline(tx, WITHDRAW, concern.concern_id, tx.now)


async def tell_withdrawn(tx: Tx, concern_id: UUID) -> None:
    """Tell the other services that one was entered in error, if they were told of it."""
    concern = await store.lock_concern(tx, concern_id)
    if concern.person_id is not None:
        tx.append(concern.person_id, *domain.withdrawn(concern))


async def escalate(tx: Tx, concern_id: UUID) -> None:
    """Unanswered past its clock. Source: mission row 000-10."""
    concern, facts = domain.escalated(await store.lock_concern(tx, concern_id), tx.now)
    await _save(tx, concern, facts)


async def list_concerns(tx: Tx, in_error: bool, before: tuple[datetime, UUID], limit: int) -> list[Concern]:
    """Those one raised, for a contact; for a liaison and for safeguarding those that reach them and those their organisation raised."""
    caller = tx.caller
    if not sees_reports(caller):
        return await store.list_raised(tx, (caller.sub, contacts.id_of(caller)), in_error, before, limit + 1)
    found = await store.list_reached(tx, _reader(caller), in_error, before, limit + 1)
    for concern in found[:limit]:
        if concern.is_reached:
            tx.audit("read-concern", concern.person_id or concern.concern_id)
    return [_without_restricted(concern, caller) for concern in found]


async def merge(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await store.save_merged(tx, person_id, into_id)


async def erase(tx: Tx, person_id: UUID) -> None:
    await store.save_erased(tx, person_id)


def answer_due(raised_at: datetime) -> datetime:
    """The end (UTC) of the last of the working days in which a concern is answered. Source: mission-rows.md, deadlines."""
    return end_of(working_day(raised_at.date(), settings().concern_working_days, settings().country))


def sees_reports(caller: Caller) -> bool:
    """Who reads what others report; a contact sees its own receipts, whatever else it is."""
    return caller.has("liaison", "safeguarding") and not caller.has("contact")


async def _lock_reached(tx: Tx, concern_id: UUID) -> Concern:
    if not await store.is_reached(tx, concern_id, _reader(tx.caller)):
        raise NotFound("concern")
    concern = await store.lock_concern(tx, concern_id)
    if concern.person_id is not None and await persons.may(tx, concern.person_id, "read-case"):  # on duty it is reached without a relation
        tx.about.add(concern.person_id)
    return concern


async def _may_withdraw(tx: Tx, concern_id: UUID) -> bool:
    """Whether it reaches the caller, who has the case, is its liaison, or is on duty because it reaches no family's organisation."""
    if not sees_reports(tx.caller) or not await store.is_reached(tx, concern_id, _reader(tx.caller)):
        return False
    person_id = (await store.lock_concern(tx, concern_id)).person_id
    if person_id is None or await persons.may(tx, person_id, "withdraw-concern"):
        return True
    return not await persons.may(tx, person_id, "read-case")


async def _is_own(tx: Tx, concern: Concern) -> bool:
    """Whether the caller raised it, or its organisation did; a contact that was entered in error has nothing any more."""
    own_id = contacts.id_of(tx.caller)
    own = await contacts.find_unchecked(tx, own_id) if own_id else None
    return domain.is_raised_by(concern, _by(tx.caller)) and (own is None or own.error_at is None)


def _by(caller: Caller) -> By:
    """A contact speaks for itself."""
    return By(caller.sub, None if caller.has("contact") else persons.organisation_of(caller))


def _reader(caller: Caller) -> Reader:
    """The duty of a region is role safeguarding's by its claim; a named organisation's by whoever works for it."""
    reader = Reader(persons.organisation_of(caller), caller.regions if caller.has("safeguarding") else ())
    return replace(reader, regions=domain.duties(settings().concern_duty, reader))


async def _save(tx: Tx, concern: Concern, facts: list[Event]) -> Concern:
    await store.save_concern(tx, concern)
    if concern.person_id is not None:
        tx.append(concern.person_id, *facts)
    return concern


def _without_restricted(concern: Concern, caller: Caller) -> Concern:
    """Recruitment is for role safeguarding alone. Source: mission row 000-15."""
    if caller.has("safeguarding"):
        return concern
    return concern.model_copy(update={"signs": tuple(s for s in concern.signs if domain.SIGNS[s.sign].depth != "safeguarding")})
