"""Journeys on the wire: listed and read, as far as the caller's organisation sees them. How they are opened: `journey/api.py`."""

from datetime import date
from typing import Annotated, Any, get_args
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.programme.journey.domain import (
    WHO,
    CaseReason,
    Correction,
    JourneyStatus,
    LegalBasis,
    Recorded,
    Setting,
    Spell,
    holder,
    standing,
)
from services.programme.length.domain import LengthClass
from services.programme.right import service as rights
from services.programme.right.domain import Sight
from services.programme.transition.domain import StageStatus
from shared.command import CurrentTx, queries
from shared.identity import Caller
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles

router_queries = queries("journeys")

READERS = roles("clinician", "coordinator", "system")
RECORDED = get_args(Recorded)
CLINICAL = {"weeks", "relapses", "scores", "goals", "withdrawal_scores", "adaptation_steps"}
"""What the history keeps of a stay or journey that never was, and is read by clinicians alone."""


class Sought(Paging):
    status: JourneyStatus | None = None


class JourneyRow(BaseModel):
    """A journey in a list; status, standing and holder are not shown to a former holder."""

    journey_id: UUID
    person_id: UUID
    pathway: str
    version: int
    status: JourneyStatus | None
    standing: str | None = Field(examples=["open"], description="open, completed, or treated-not-complete (002-49)")
    opened_on: date
    holder_organisation_id: UUID | None
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
    date_reason: str | None
    responsible_doctor: str | None
    outcome: str | None
    reason: str | None
    next_organisation_id: UUID | None
    relapses: list[UUID]


class StageView(BaseModel):
    """Where a stage stands. `reason`: why it was skipped or reopened, or the evidence."""

    stage: int
    code: str
    status: StageStatus
    reason: str | None


class CorrectionView(BaseModel):
    """One line of the history of mistakes. `before`: the fact as it had stood, for the organisation whose fact it was, and what
    clinicians recorded for their roles. Of that an acceptance shows no line.

    `organisation_id`: who corrected it, for who sees the whole journey.
    """

    what: str = Field(examples=["end"])
    how: str = Field(examples=["entered-in-error"])
    stage: int | None
    spell: int | None
    organisation_id: UUID | None
    on: date
    reason: str
    before: dict[str, Any] | None


class JourneyView(JourneyRow):
    """One journey, as one of its parties may see it: a former holder its stays, and of what came later only whether it was started."""

    opened_by_organisation_id: UUID
    reason: CaseReason | None
    legal_basis: LegalBasis | None
    decided_on: date | None
    completions: list[date]
    open_concerns: int | None = Field(description="Concerns that wait for an answer; for the holder.")
    stages: list[StageView]
    spells: list[SpellView]
    corrections: list[CorrectionView]


@router_queries.get("/journeys")
@allows(READERS)
async def list_journeys(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[JourneyRow]:
    """Journeys the caller's organisation is a party to; by status only those whose status it sees, so that a page may be short."""
    found = await rights.list_sights(tx, sought.status, after_id(sought.cursor), sought.limit)
    tx.audit("list-journeys", tx.caller.organisation_id)
    items = [JourneyRow.model_validate(_row(sight)) for sight in found]
    page = page_of(items, sought.limit, lambda item: (item.journey_id,))
    shown = [item for item in page.items if sought.status in (None, item.status)]
    return page.model_copy(update={"items": shown})


@router_queries.get("/journeys/{journey_id}")
@allows(READERS)
async def get_journey(tx: CurrentTx, journey_id: UUID) -> JourneyView:
    """One journey with its stages, spells and holder. Source: mission rows 002-01, OUR-01."""
    sight = await rights.get_sight(tx, journey_id)
    journey, own = sight.journey, tx.caller.organisation_id
    shown = [one for one in journey.corrections if one.what not in RECORDED or own in (one.of_organisation_id, holder(journey))]
    tx.audit("read-journey", journey.person_id)
    return JourneyView.model_validate(
        {
            **_row(sight),
            "opened_by_organisation_id": journey.opened_by,
            "reason": journey.reason,
            "legal_basis": journey.legal_basis,
            "decided_on": journey.decided_on,
            "completions": journey.completions,
            "open_concerns": await rights.count_concerns(tx, sight),
            "stages": [StageView.model_validate(state.model_dump()) for state in journey.stages],
            "spells": [_spell(spell, own) for spell in journey.spells],
            "corrections": [_correction(one, tx.caller, sight.is_whole) for one in shown],
        }
    )


def _row(sight: Sight) -> dict[str, object]:
    journey, whole = sight
    return {
        "journey_id": journey.journey_id,
        "person_id": journey.person_id,
        "pathway": journey.pathway,
        "version": journey.version,
        "status": journey.status if whole or journey.status == "entered-in-error" else None,
        "standing": standing(journey) if whole else None,
        "opened_on": journey.opened_on,
        "holder_organisation_id": holder(journey) if whole else None,
        "imported": journey.imported,
    }


def _spell(spell: Spell, asking: UUID | None) -> SpellView:
    values = {**spell.model_dump(), "length_differs": spell.length_differs}
    own = OwnSpell.model_validate(values) if spell.organisation_id == asking else None
    return SpellView.model_validate({**values, "spell": spell.number, "own": own})


def _correction(correction: Correction, asking: Caller, is_whole: bool) -> CorrectionView:
    shown = {**correction.model_dump(), "before": _before(correction, asking)}
    if not is_whole and correction.organisation_id != asking.organisation_id:
        shown["organisation_id"] = None
    return CorrectionView.model_validate(shown)


def _before(correction: Correction, asking: Caller) -> dict[str, Any] | None:
    if correction.of_organisation_id != asking.organisation_id:
        return None
    if asking.has(*WHO):
        return correction.before
    return None if correction.what in RECORDED else {name: value for name, value in correction.before.items() if name not in CLINICAL}
