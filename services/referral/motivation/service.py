"""What can be asked of motivating acts. Only parties that see whom the referral is about record and read them."""

from datetime import date
from typing import get_args
from uuid import UUID

from services.referral.motivation import domain, store
from services.referral.motivation.domain import ErrorReason
from services.referral.motivation.store import Acceptance, Act
from services.referral.person import service as persons
from services.referral.referral import service as referrals
from services.referral.relation import service as relations
from shared import business_dates as dates
from shared.database import Tx
from shared.errors import NotFound


async def record(tx: Tx, referral_id: UUID, act: tuple[str, str, date]) -> UUID:
    """An act as (kind, role, day). Source: mission row 002-06."""
    referral = await referrals.must_know_person(tx, referral_id)
    await relations.must(tx, "refer-early", referral.person_id)  # who lost the person motivates nobody
    person = await persons.find_person(tx, referral.person_id)
    known = await persons.days_known(tx, person) if person else {}
    domain.check_act(dates.unmet(act[2], persons.today(tx), **known))
    organisation_id = tx.caller.organisation_id
    assert organisation_id is not None, "a meso role acts for an organisation"
    return await store.insert_act(tx, referral_id, act, organisation_id)


async def enter_in_error(tx: Tx, referral_id: UUID, motivation_id: UUID, reason: ErrorReason) -> None:
    """It never was: it counts nowhere, and is listed with the mistakes alone. A second time changes nothing.

    Raises NotFound for who does not see whom the referral is about, and for an act of another referral.
    """
    referral = await referrals.must_know_person(tx, referral_id)
    entered_by = await store.find_maker(tx, referral_id, motivation_id)
    if entered_by is None:
        raise NotFound("motivation")
    decides = await relations.decides(tx, referral.person_id, referral.pathway, referral.journey_id)
    domain.check_error(entered_by == tx.caller.organisation_id, decides)
    await store.save_error(tx, motivation_id, reason)


async def list_acts(tx: Tx, referral_id: UUID, in_error: bool) -> list[Act]:
    """Those that stand, or those that were entered in error; who does not have the person any more reads its own."""
    referral = await referrals.must_know_person(tx, referral_id)
    tx.audit("read-motivations", referral.person_id)
    found = await store.list_acts(tx, referral_id, in_error)
    sees_all = await relations.may(tx, "refer-early", referral.person_id)
    return [act for act in found if sees_all or act.organisation_id == tx.caller.organisation_id]


async def acceptance(tx: Tx) -> list[Acceptance]:
    """Acceptance with and without each kind of act, over the referrals the caller's organisation sent. Source: mission row 002-06."""
    if tx.caller.organisation_id is None:
        return []
    return await store.count_acceptance(tx, tx.caller.organisation_id, list(get_args(domain.ActKind)))
