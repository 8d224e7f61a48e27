"""What referral does when nothing happens: every obligation that can fall due."""

from uuid import UUID

from services.referral.consent import service as consents
from services.referral.emergency import service as emergencies
from services.referral.enquiry import service as enquiries
from services.referral.person import service as persons
from services.referral.referral import service as referrals
from shared.clock import Deadlines
from shared.database import Tx


async def on_answer_overdue(tx: Tx, referral_id: UUID) -> None:
    await referrals.answer_overdue(tx, referral_id)


async def on_handover_overdue(tx: Tx, referral_id: UUID) -> None:
    await referrals.handover_overdue(tx, referral_id)


async def on_enquiry_overdue(tx: Tx, enquiry_id: UUID) -> None:
    await enquiries.overdue(tx, enquiry_id)


async def on_came_of_age(tx: Tx, person_id: UUID) -> None:
    """Who decides alone is bound by no consent of a guardian."""
    if await persons.come_of_age(tx, person_id):
        await consents.end_guardians(tx, person_id)


async def on_emergency_ends(tx: Tx, emergency_access_id: UUID) -> None:
    await emergencies.end(tx, emergency_access_id)


DEADLINES: Deadlines = {
    referrals.ANSWER_DUE: on_answer_overdue,  # 002-22
    referrals.HANDOVER_DUE: on_handover_overdue,  # OUR-01
    enquiries.ENQUIRY_DUE: on_enquiry_overdue,  # 001-11
    persons.CAME_OF_AGE: on_came_of_age,  # 000-24
    emergencies.EMERGENCY_ENDS: on_emergency_ends,  # privacy section 1
}
