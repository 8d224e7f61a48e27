"""What can be asked of enquiries: anyone asks; the organisation asked, or who is on duty in the region, answers on a clock."""

from uuid import UUID

from services.referral.enquiry import domain, store
from services.referral.enquiry.domain import Enquiry, Reach
from services.referral.organisation import service as organisations
from services.referral.person import service as persons
from services.referral.region import service as regions
from services.referral.relation import service as relations
from services.referral.settings import settings
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx
from shared.errors import NotFound
from shared.working_days import end_of, working_day

ENQUIRY_DUE = "enquiry-due"
OF_AN_ORGANISATION = ("coordinator", "registrar")
OF_A_REGION = "safeguarding"
ANSWERING = (*OF_AN_ORGANISATION, OF_A_REGION)


async def ask(tx: Tx, asked: tuple[str, str], to_organisation_id: UUID | None, region: str | None) -> UUID:
    """Ask or suggest; without an addressee it is put to the network. Source: mission row 001-11."""
    named = await organisations.get_organisation(tx, to_organisation_id) if to_organisation_id else None
    answering = await regions.find_answering(tx, region or await _own_region(tx))
    domain.check_asked(named is None or named.confirmed, answering is not None)
    due_on = working_day(tx.now.date(), settings().enquiry_working_days, settings().country)
    enquiry_id = await store.insert_enquiry(tx, asked, to_organisation_id, str(answering), due_on)
    await set_deadline(tx, ENQUIRY_DUE, enquiry_id, end_of(due_on))
    return enquiry_id


async def _own_region(tx: Tx) -> str:
    """Where the caller is: its organisation, or itself as a person; the state where neither is known here."""
    organisation = await organisations.find_organisation(tx, tx.caller.organisation_id)
    if organisation is not None:
        return organisation.that_counts().region
    own = relations.own_id(tx)
    person = await persons.find_person(tx, own) if own else None
    return person.region if person else await regions.get_state(tx)


def _reach(tx: Tx) -> Reach:
    organisation_id = tx.caller.organisation_id if tx.caller.has(*OF_AN_ORGANISATION) else None
    return Reach(organisation_id, tx.caller.regions if tx.caller.has(OF_A_REGION) else ())


async def answer(tx: Tx, enquiry_id: UUID, text: str) -> None:
    """Answer once; for an enquiry that is not the caller's to answer there is none. Raises NotFound, Refused."""
    if not await store.is_reached(tx, enquiry_id, _reach(tx)):
        raise NotFound("enquiry")
    enquiry = await store.lock_enquiry(tx, enquiry_id)
    domain.check_answer(enquiry)
    await store.save_answer(tx, enquiry_id, text)
    await meet_deadline(tx, ENQUIRY_DUE, subject_id=enquiry_id)


async def list_enquiries(tx: Tx, after: UUID, limit: int) -> list[Enquiry]:
    """The caller's own, and for who answers those it may answer."""
    tx.audit("read-enquiries")
    return await store.list_enquiries(tx, after, _reach(tx), limit + 1)


async def overdue(tx: Tx, enquiry_id: UUID) -> None:
    """Nobody answered in time: it is shown as overdue. Source: mission row 001-11."""
    enquiry = await store.lock_enquiry(tx, enquiry_id)
    if enquiry.answered_at is None:
        await store.save_overdue(tx, enquiry_id)
