"""What can be asked of enquiries: anyone asks, an organisation answers on a clock."""

from uuid import UUID

from services.referral.enquiry import domain, store
from services.referral.enquiry.domain import Enquiry
from services.referral.organisation import service as organisations
from services.referral.settings import settings
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx
from shared.errors import NotFound
from shared.working_days import end_of, working_day

ENQUIRY_DUE = "enquiry-due"
ANSWERING = ("coordinator", "registrar")


async def ask(tx: Tx, asked: tuple[str, str], to_organisation_id: UUID | None) -> UUID:
    """Ask or suggest; without an addressee it is put to the network. Source: mission row 001-11."""
    if to_organisation_id is not None:
        await organisations.get_organisation(tx, to_organisation_id)
    due_on = working_day(tx.now.date(), settings().enquiry_working_days, settings().country)
    enquiry_id = await store.insert_enquiry(tx, asked, to_organisation_id, due_on)
    await set_deadline(tx, ENQUIRY_DUE, enquiry_id, end_of(due_on))
    return enquiry_id


async def answer(tx: Tx, enquiry_id: UUID, text: str) -> None:
    """Answer once; for another organisation's enquiry there is nothing to answer."""
    enquiry = await store.lock_enquiry(tx, enquiry_id)
    if not enquiry.may_answer(tx.caller.organisation_id):
        raise NotFound("enquiry")
    domain.check_answer(enquiry)
    await store.save_answer(tx, enquiry_id, text)
    await meet_deadline(tx, ENQUIRY_DUE, subject_id=enquiry_id)


async def list_enquiries(tx: Tx, after: UUID, limit: int) -> list[Enquiry]:
    """The caller's own, and for who answers those of its organisation and of the network."""
    answering = tx.caller.organisation_id if tx.caller.has(*ANSWERING) else None
    tx.audit("read-enquiries")
    return await store.list_enquiries(tx, after, answering, limit + 1)


async def overdue(tx: Tx, enquiry_id: UUID) -> None:
    """Nobody answered in time: it is shown as overdue. Source: mission row 001-11."""
    enquiry = await store.lock_enquiry(tx, enquiry_id)
    if enquiry.answered_at is None:
        await store.save_overdue(tx, enquiry_id)
