"""Routes of referrals. Motivating acts are in `motivation/api.py`."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StrictBool

from services.referral.disclosure import service as disclosures
from services.referral.disclosure.domain import Identity
from services.referral.person import service as persons
from services.referral.referral import service
from services.referral.referral.domain import Referral
from services.referral.referral.store import NO_DUE_DAY, HistoryLine, Slice
from services.referral.transition.domain import BUSINESS_STATUS, Reason, Status
from services.referral.wish.domain import Source, Wish
from shared.command import CurrentTx, Done, commands, queries
from shared.errors import NotFound
from shared.events.pathway import DEFAULT_PATHWAY, code_at
from shared.events.referral import ReferralOrigin
from shared.paging import Page, Paging, after_day, page_of
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code, StrictStage

router_commands = commands("referrals")
router_queries = queries("referrals")


class NewReferral(Body):
    """`to_organisation_id` null: any qualified organisation of the person's region; the first to accept owns it. `source`: EUDA TDI.

    `stage`: the position in the pathway of the journey or, without a journey, in `pathway`, addiction-rehabilitation where none is said.
    """

    person_id: UUID
    journey_id: UUID | None = None
    pathway: Code | None = Field(
        default=None, examples=[DEFAULT_PATHWAY], description="May be left out; the journey's own where one is named."
    )
    stage: StrictStage
    to_organisation_id: UUID | None = None
    source: Source = "99"
    draft: StrictBool = False
    imported: StrictBool = False
    replaces: UUID | None = Field(default=None, description="The rejected referral that this one follows.")


class NewSelfReferral(Body):
    pathway: Code = DEFAULT_PATHWAY
    stage: StrictStage
    to_organisation_id: UUID | None = None


class StatusChange(Body):
    """The status to go to; a reason where the table of transitions asks for one."""

    to: Status
    reason: Reason | None = None


class Sought(Paging):
    direction: Literal["in", "out"] = "in"
    status: Status | None = None
    due_before: BusinessDate | None = None


class ReferralRow(BaseModel):
    """A referral in a list; before its acceptance one that is open to any shows no person."""

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


class ReferralView(ReferralRow):
    """With its history, and who the person is as far as a consent allows at this moment."""

    person: Identity | None
    history: list[HistoryLine]


def _row(tx: CurrentTx, referral: Referral) -> ReferralRow:
    fields = referral.model_dump(include=set(ReferralRow.model_fields))
    if not _is_named_to(tx, referral):
        fields |= {"person_id": None, "journey_id": None}
    return ReferralRow(id=referral.referral_id, business_status=BUSINESS_STATUS[referral.status], **fields)


def _is_named_to(tx: CurrentTx, referral: Referral) -> bool:
    """Source: privacy section 1."""
    parties = (referral.from_organisation_id, referral.to_organisation_id)
    return persons.own_id(tx) == referral.person_id or (tx.caller.organisation_id is not None and tx.caller.organisation_id in parties)


def _asked(body: NewReferral | NewSelfReferral) -> dict[str, Any]:
    """What was asked for; the service looks up which stage that is."""
    return body.model_dump() | {"pathway": body.pathway or DEFAULT_PATHWAY, "stage_code": code_at((), body.stage)}


@router_commands.post("/referrals", status_code=201)
@allows(roles("coordinator", "system"))
async def refer(tx: CurrentTx, body: NewReferral) -> Done:
    """Refer a person to a stage, or name the organisation for the request that is already open. Source: mission row 002-06."""
    sender = {"from_organisation_id": tx.caller.organisation_id, "region": None, "due_on": None}
    wish = Wish(**_asked(body), **sender, origin="organisation")
    referral = await service.refer(tx, wish, body.pathway)
    return Done(id=referral.referral_id, status=referral.status)


@router_commands.post("/self-referrals", status_code=201)
@allows(roles("person"))
async def refer_oneself(tx: CurrentTx, body: NewSelfReferral) -> Done:
    """Ask for a stage oneself. Source: mission row 001-11."""
    person_id = persons.own_id(tx)
    if person_id is None:
        raise NotFound("person")
    nobody = {"journey_id": None, "from_organisation_id": None, "region": None, "due_on": None}
    wish = Wish(person_id=person_id, **_asked(body), **nobody, origin="self", source="6")
    referral = await service.refer(tx, wish, body.pathway)
    return Done(id=referral.referral_id, status=referral.status)


@router_commands.post("/referrals/{referral_id}/status")
@allows(roles("coordinator", "system", "person"))
async def change_status(tx: CurrentTx, referral_id: UUID, body: StatusChange) -> Done:
    """Go to another status, as the table of transitions allows your side. Source: standards section 1, mission row 002-06."""
    referral = await service.change_status(tx, referral_id, body.to, body.reason)
    return Done(id=referral_id, status=referral.status)


@router_queries.get("/referrals")
@allows(roles("coordinator", "clinician", "system", "person"))
async def list_referrals(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[ReferralRow]:
    """Referrals received (with those open to you) or sent, those due first in front. A person sees its own, whatever the direction."""
    part = Slice(after_day(sought.cursor), sought.status, sought.due_before, sought.limit)
    found = await service.list_referrals(tx, sought.direction == "out", part)
    return page_of([_row(tx, r) for r in found], sought.limit, lambda item: (item.due_on or NO_DUE_DAY, item.id))


@router_queries.get("/referrals/{referral_id}")
@allows(roles("coordinator", "clinician", "system", "person"))
async def get_referral(tx: CurrentTx, referral_id: UUID) -> ReferralView:
    """One referral with its history. Source: mission row 002-06; privacy section 4."""
    referral, history = await service.get_referral(tx, referral_id)
    named = _is_named_to(tx, referral)
    who = await disclosures.find_identity(tx, referral.person_id, "referral") if named else None
    return ReferralView(**_row(tx, referral).model_dump(), person=who, history=history if named else [])
