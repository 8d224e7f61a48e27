"""What can be asked about emergency access. It needs the case; it opens who the person is to the whole organisation, and ends by itself."""

from uuid import UUID, uuid4

from services.referral.consent import service as consents
from services.referral.emergency import domain, store
from services.referral.emergency.domain import LASTS, EmergencyAccess
from services.referral.person import service as persons
from services.referral.relation import service as relations
from shared.clock import set_deadline
from shared.database import Tx
from shared.errors import NotFound

EMERGENCY_ENDS = "emergency-ends"


async def take(tx: Tx, person_id: UUID, reason: str) -> UUID:
    """For 24 hours; whoever registered the person, and the person, can see it from now on. Source: privacy section 1."""
    person = await persons.lock_person(tx, person_id, "take-emergency-access")
    organisation_id = tx.caller.organisation_id
    assert organisation_id is not None, "a meso role acts for an organisation"
    is_shown = person.registered_by == organisation_id or await consents.lock_valid(tx, person_id, organisation_id) is not None
    domain.check_taking(is_shown, person.died_on is not None)
    access = EmergencyAccess(
        emergency_access_id=uuid4(),
        person_id=person_id,
        organisation_id=organisation_id,
        reason=reason,
        taken_by=tx.caller.sub,
        taken_at=tx.now,
        until=tx.now + LASTS,
    )
    await store.insert_access(tx, access)
    await set_deadline(tx, EMERGENCY_ENDS, access.emergency_access_id, access.until)
    tx.audit("emergency-access", person_id)
    tx.append(person_id, access.given())
    return access.emergency_access_id


async def find_running(tx: Tx, person_id: UUID) -> UUID | None:
    """The access under which the caller's organisation may see who the person is now, as long as it has the case."""
    if tx.caller.organisation_id is None or not await relations.may(tx, "take-emergency-access", person_id):
        return None
    return await store.find_running(tx, person_id, tx.caller.organisation_id, tx.now)


async def end(tx: Tx, emergency_access_id: UUID) -> None:
    """The 24 hours are over."""
    access = await store.lock_access(tx, emergency_access_id)
    if access.ended_at is None and access.until <= tx.now:
        await store.save_end(tx, emergency_access_id)


async def review(tx: Tx, emergency_access_id: UUID, justified: bool, finding: str | None) -> None:
    """Once, by the person or whoever registered it; for others there is nothing to review."""
    access = await store.lock_access(tx, emergency_access_id)
    if not await relations.may(tx, "review-emergency-access", access.person_id):
        raise NotFound("emergency-access")
    domain.check_review(access)
    await store.save_review(tx, emergency_access_id, justified, finding)


async def list_accesses(tx: Tx, after: UUID, limit: int) -> list[EmergencyAccess]:
    """Of the person itself, or of those whom the caller's organisation registered; audited as read."""
    own = relations.own_id(tx)
    if own is None and not tx.caller.has("coordinator", "system"):
        return []
    found = await store.list_accesses(tx, own, None if own else tx.caller.organisation_id, after, limit + 1)
    for access in found[:limit]:
        tx.audit("read-emergency-access", access.person_id)
    return found
