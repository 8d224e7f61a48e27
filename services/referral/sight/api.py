"""Routes that show referrals. What changes them is in `referral/api.py`."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.referral.disclosure.domain import Identity
from services.referral.referral.domain import Basis
from services.referral.sight import service
from services.referral.sight.service import Direction, Seen
from services.referral.sight.store import NO_DUE_DAY, HistoryLine, Slice
from services.referral.transition.domain import BUSINESS_STATUS, Status
from services.referral.wish.domain import Source
from shared.command import CurrentTx, queries
from shared.events.referral import ReferralOrigin
from shared.paging import Page, Paging, after_day, page_of
from shared.policy import allows, roles
from shared.web import BusinessDate

router_queries = queries("referrals")


class Sought(Paging):
    direction: Direction = "in"
    status: Status | None = None
    due_before: BusinessDate | None = None
    basis_withdrawn: bool | None = Field(
        default=None, description="True: those of which the sender and who accepted are asked if they go on."
    )


class BasisWithdrawn(BaseModel):
    """What the referral was opened for was corrected after it had been accepted: what that was, and when that was heard."""

    what: Basis
    at: datetime


class ReferralRow(BaseModel):
    """A referral in a list. Who was asked sees whom it is about once it has accepted; what it declined or was taken away shows nobody."""

    id: UUID
    person_id: UUID | None
    journey_id: UUID | None
    pathway: str
    stage: int
    stage_code: str = Field(examples=["treatment"], description="stage-<n> until a journey told the stages of the pathway")
    status: Status
    business_status: str
    from_organisation_id: UUID | None
    to_organisation_id: UUID | None
    region: str | None
    origin: ReferralOrigin
    source: Source
    due_on: date | None
    opened_at: datetime
    replaces: UUID | None
    basis_withdrawn: BasisWithdrawn | None = Field(description="Its two sides cancel it, or say that it goes on all the same.")


class ReferralView(ReferralRow):
    """With its history. `person`: who it is, as far as a consent allows at this moment, also before an answer."""

    person: Identity | None
    history: list[HistoryLine]


def _row(seen: Seen) -> ReferralRow:
    fields = seen.referral.model_dump(include=set(ReferralRow.model_fields) - {"basis_withdrawn"})
    what, at = seen.referral.basis_withdrawn, seen.referral.basis_withdrawn_at
    basis = BasisWithdrawn(what=what, at=at) if seen.referral.is_in_doubt and what and at else None
    if not seen.names_person:
        fields |= {"person_id": None, "journey_id": None}
    return ReferralRow(id=seen.referral.referral_id, business_status=BUSINESS_STATUS[seen.referral.status], basis_withdrawn=basis, **fields)


@router_queries.get("/referrals")
@allows(roles("coordinator", "clinician", "system", "person"))
async def list_referrals(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[ReferralRow]:
    """Referrals received (with those open to you), sent, or open for whom you hold, those due first in front. A person sees its own."""
    part = Slice(after_day(sought.cursor), sought.status, sought.due_before, sought.basis_withdrawn, sought.limit)
    found = await service.list_referrals(tx, sought.direction, part)
    return page_of([_row(seen) for seen in found], sought.limit, lambda item: (item.due_on or NO_DUE_DAY, item.id))


@router_queries.get("/referrals/{referral_id}")
@allows(roles("coordinator", "clinician", "system", "person"))
async def get_referral(tx: CurrentTx, referral_id: UUID) -> ReferralView:
    """One referral with its history. Source: mission row 002-06; privacy section 4."""
    seen, who, history = await service.get_referral(tx, referral_id)
    return ReferralView(**_row(seen).model_dump(), person=who, history=history)
