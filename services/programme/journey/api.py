"""Journeys on the wire: opened, listed, read. What is done to their stages: `stage/api.py`."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StrictBool

from services.programme.journey import service
from services.programme.journey.domain import (
    CaseReason,
    Journey,
    JourneyStatus,
    LegalBasis,
    Opening,
    Setting,
    Spell,
    StageState,
    holder,
    standing,
)
from services.programme.length.domain import LengthClass
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code

router_commands = commands("journeys")
router_queries = queries("journeys")

READERS = roles("clinician", "coordinator", "system")


class NewJourney(Body):
    """`decided_on`: the person's own decision, kept apart from the legal basis. `imported`: only what role system brings."""

    person_id: UUID
    pathway: Code = Field(examples=["addiction-rehabilitation"])
    opened_on: BusinessDate
    reason: CaseReason | None = Field(default=None, examples=["change-of-environment"])
    legal_basis: LegalBasis | None = Field(default=None, examples=["own-decision"])
    decided_on: BusinessDate | None = None
    imported: StrictBool = False


class Sought(Paging):
    status: JourneyStatus | None = None


class JourneyRow(BaseModel):
    """A journey in a list."""

    journey_id: UUID
    person_id: UUID
    pathway: str
    version: int
    status: JourneyStatus
    standing: str = Field(examples=["open"], description="open, completed, or treated-not-complete (002-49)")
    opened_on: date
    holder_organisation_id: UUID
    imported: bool


class SpellView(BaseModel):
    """A spell; `own` is there for the organisation of the spell alone."""

    stage: int
    spell: int
    organisation_id: UUID
    started_on: date
    ended_on: date | None
    how: str | None = Field(examples=["completed"])
    own: "OwnSpell | None"


class OwnSpell(BaseModel):
    """Plan, course and outcome of a spell. `length_differs`: the class reached is not the planned one (002-17)."""

    setting: Setting
    programme: str
    planned_until: date | None
    planned_class: LengthClass | None
    actual_class: LengthClass | None
    length_differs: bool
    warning_reason: str | None
    responsible_doctor: str | None
    outcome: str | None
    reason: str | None
    next_organisation_id: UUID | None
    relapses: list[UUID]


class JourneyView(JourneyRow):
    """One journey, as one of its parties may see it."""

    opened_by_organisation_id: UUID
    reason: CaseReason | None
    legal_basis: LegalBasis | None
    decided_on: date | None
    completions: list[date]
    open_concerns: int | None = Field(description="Concerns that wait for an answer; for those who opened the journey or had a spell.")
    stages: list[StageState]
    spells: list[SpellView]


@router_commands.post("/journeys", status_code=201)
@allows(roles("clinician", "system"))
async def open_journey(tx: CurrentTx, body: NewJourney) -> Done:
    """A person sets out on a pathway; the caller's organisation holds the person until a first start. Source: mission row 002-15."""
    opening = Opening(
        person_id=body.person_id,
        organisation_id=service.organisation_of(tx),
        opened_on=body.opened_on,
        imported=body.imported,
        by_system=tx.caller.has("system"),
        reason=body.reason,
        legal_basis=body.legal_basis,
        decided_on=body.decided_on,
    )
    journey = await service.open_journey(tx, body.pathway, opening)
    return Done(id=journey.journey_id, status=journey.status)


@router_queries.get("/journeys")
@allows(READERS)
async def list_journeys(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[JourneyRow]:
    """Journeys the caller's organisation is a party to."""
    found = await service.list_journeys(tx, sought.status, after_id(sought.cursor), sought.limit)
    tx.audit("list-journeys", tx.caller.organisation_id)
    items = [JourneyRow.model_validate(_row(journey)) for journey in found]
    return page_of(items, sought.limit, lambda item: (item.journey_id,))


@router_queries.get("/journeys/{journey_id}")
@allows(READERS)
async def get_journey(tx: CurrentTx, journey_id: UUID) -> JourneyView:
    """One journey with its stages, spells and holder. Source: mission rows 002-01, OUR-01."""
    journey = (await service.get(tx, journey_id)).journey
    tx.audit("read-journey", journey.person_id)
    return JourneyView.model_validate(
        {
            **_row(journey),
            "opened_by_organisation_id": journey.opened_by,
            "reason": journey.reason,
            "legal_basis": journey.legal_basis,
            "decided_on": journey.decided_on,
            "completions": journey.completions,
            "open_concerns": await service.count_concerns(tx, journey),
            "stages": journey.stages,
            "spells": [_spell(spell, tx.caller.organisation_id) for spell in journey.spells],
        }
    )


def _row(journey: Journey) -> dict[str, object]:
    return {
        "journey_id": journey.journey_id,
        "person_id": journey.person_id,
        "pathway": journey.pathway,
        "version": journey.version,
        "status": journey.status,
        "standing": standing(journey),
        "opened_on": journey.opened_on,
        "holder_organisation_id": holder(journey),
        "imported": journey.imported,
    }


def _spell(spell: Spell, asking: UUID | None) -> SpellView:
    values = {**spell.model_dump(), "length_differs": spell.length_differs}
    own = OwnSpell.model_validate(values) if spell.organisation_id == asking else None
    return SpellView.model_validate({**values, "spell": spell.number, "own": own})
