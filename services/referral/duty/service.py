"""Naming the duty organisation of a region. What it answers is `enquiry/service.py`'s."""

from uuid import UUID

from services.referral.duty import domain
from services.referral.organisation import service as organisations
from services.referral.region import service as regions
from shared.database import Tx
from shared.errors import NotFound


async def name(tx: Tx, region: str, organisation_id: UUID | None) -> None:
    """None: nobody any more. A district has none of its own. Raises NotFound for a region that is not the caller's."""
    if await regions.find_answering(tx, region) != region or not organisations.oversees(tx, region):
        raise NotFound("region")
    if organisation_id is not None:
        domain.check_duty(await organisations.find_organisation(tx, organisation_id), region)
    tx.audit("name-duty-organisation", organisation_id)
    await regions.save_duty(tx, region, organisation_id)
