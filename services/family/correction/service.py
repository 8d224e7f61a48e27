"""What was told of a fact that was none is taken back: what waits stops, and who was told gets one neutral correction."""

from collections.abc import Sequence
from uuid import UUID, uuid5

from services.family.concern import service as concerns
from services.family.contact import service as contacts
from services.family.contact.domain import ErrorReason
from services.family.correction import domain, store
from services.family.correction.domain import Told
from services.family.guardian import service as guardians
from services.family.message import service as messages
from services.family.message.domain import CORRECTED, CORRECTIONS, NO_DEATH, Notice, Source
from services.family.permission import service as permissions
from services.family.person import service as persons
from services.family.stay.service import Corrected
from shared.database import Tx
from shared.events.programme import CompletionCorrected, JourneyCorrected, RelapseWithdrawn, StayCorrected
from shared.events.referral import PersonDeathReversed, ReferralClosed, ReferralOpened

ENTERED_IN_ERROR = "entered-in-error"
Corrects = RelapseWithdrawn | StayCorrected | JourneyCorrected | CompletionCorrected | ReferralClosed | ReferralOpened | PersonDeathReversed
NOT_TOLD = ("pending", "suppressed")
"""The states of a message that nobody was told of; what is claimed may still go out."""


async def take_back_relapses(tx: Tx, event: RelapseWithdrawn) -> None:
    """No relapse of the stay stands any more. One that is told of the same stay later is news again."""
    if event.stage is not None:
        kinds = (domain.RELAPSE,)
        await _take_back(tx, event, Told(event.person_id, event.journey_id, kinds, event.stage, event.spell))


async def take_back_stay(tx: Tx, event: StayCorrected, stay: Corrected, asks_for_support: bool) -> None:
    """By how the stay stands: what was told and does not hold is taken back, what holds and was not told is told.

    Another day alone tells nothing. Source: issue of corrections, section 1.
    """
    if stay.before == stay.after:
        return
    stage, spell = event.stage, event.spell
    await _take_back(tx, event, Told(event.person_id, event.journey_id, domain.unfounded(stay.after), stage, spell))
    for notice in domain.news(stay.before, stay.after, asks_for_support):
        await messages.tell_source(
            tx,
            Source(
                event_id=uuid5(_cause(tx), notice.kind),
                person_id=event.person_id,
                notice=notice,
                stage=stage,
                spell=spell,
                journey_id=event.journey_id,
                subjects=(event.journey_id,),
                imported=event.imported,
            ),
        )


async def take_back_journey(tx: Tx, event: JourneyCorrected) -> None:
    """A journey entered in error: everything that was told of it and of its stays."""
    await _take_back(tx, event, Told(event.person_id, event.journey_id, domain.WHOLE_JOURNEY))


async def take_back_completion(tx: Tx, event: CompletionCorrected) -> None:
    """The last completion was none; an earlier one, before a stage was reopened, stands. Another day tells nothing.

    One of which nobody was told takes nothing back of an earlier one.
    """
    if event.completed_on is None:
        told = Told(event.person_id, event.journey_id, domain.COMPLETION, spell=event.completion, newest=True)
        await _take_back(tx, event, told)


async def take_back_referral(tx: Tx, event: ReferralClosed) -> None:
    """A referral entered in error: everything that was told of it. What is told of it afterwards is news."""
    await _take_back(tx, event, Told(event.person_id, event.journey_id, domain.REFERRAL, referral_id=event.referral_id))


async def take_back_closing(tx: Tx, event: ReferralOpened) -> None:
    """It is open after all: that it was closed does not hold."""
    if await store.was_told(tx, event.person_id, event.referral_id, domain.CLOSED):
        await _take_back(tx, event, Told(event.person_id, event.journey_id, domain.CLOSED, referral_id=event.referral_id))


async def take_back_death(tx: Tx, event: PersonDeathReversed, journeys: Sequence[UUID]) -> None:
    """The person lives: who was told otherwise is told so, in a text of its own that names no death. A later one is news again."""
    await _take_back(tx, event, Told(event.person_id, None, domain.DIED, among=tuple(journeys)), (NO_DEATH,))


async def enter_contact_in_error(tx: Tx, contact_id: UUID, reason: ErrorReason) -> None:
    """The contact ends at once with all that hangs on it: permissions, what waits for it, its part as guardian. The row is kept.

    What it raised as a contact of the wrong person is about the wrong person; one that was entered twice or otherwise saw what it saw.
    A second time changes nothing. Raises NotFound("contact"). Locks go person, contact, permission, message, concern.
    """
    contact = await contacts.get_to_withdraw(tx, contact_id)
    await persons.lock_person(tx, contact.person_id)
    if await contacts.enter_in_error(tx, contact_id, reason):
        await guardians.end_of_contact(tx, contact.person_id, contact_id)
        await permissions.end_of_contact(tx, contact_id, ENTERED_IN_ERROR)
        if reason == "other-person":
            await concerns.contact_in_error(tx, contact.person_id, contact_id)


async def _take_back(tx: Tx, event: Corrects, told: Told, notices: Sequence[Notice] = CORRECTIONS) -> None:
    """One correction a contact and event, under the topic it was told under; what is history is corrected in the inbox alone."""
    await store.lock_permissions(tx, told.person_id)
    closed = await store.close(tx, told)
    messages.tell_stopped(tx, [row for row in closed if row["was"] == "pending"], CORRECTED)
    for notice in notices:
        only = {row["contact_id"] for row in closed if row["was"] not in NOT_TOLD and row["topic"] == notice.topic}
        if only:
            await messages.tell_source(
                tx,
                Source(
                    event_id=uuid5(_cause(tx), CORRECTED),
                    person_id=told.person_id,
                    notice=notice,
                    stage=told.stage,
                    spell=told.spell,
                    journey_id=told.journey_id,
                    subjects=told.subjects,
                    imported=getattr(event, "imported", False),
                    only=tuple(sorted(only)),
                ),
            )


def _cause(tx: Tx) -> UUID:
    if tx.cause is None:
        raise ValueError("a fact is told where it is handled")
    return tx.cause.event_id
