"""Observations and relapses of a journey on the wire."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StrictBool, field_validator

from services.programme.definition.domain import Result
from services.programme.journey.domain import WHO
from services.programme.relapse import service
from services.programme.relapse.domain import Status
from services.programme.substance.domain import Finding, Use, counted
from services.programme.weekly.domain import Results
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code, StrictStage

router_commands = commands("relapses")
router_queries = queries("relapses")

CLINICAL = roles(*WHO)
Week = Annotated[int, Field(strict=True, ge=1, le=520, examples=[1])]


class Found(Body):
    """A substance of the vocabulary; what was prescribed is no relapse."""

    substance: Code = Field(examples=["heroin"])
    use: Use = "non-medical"


class WeekResult(Body):
    """`found`: what a positive result showed, where it is known. It decides what the week counts as and is not kept."""

    week: Week
    result: Result = Field(examples=["negative"])
    found: list[Found] = Field(default=[], max_length=20)

    def counted(self) -> Result:
        return counted(self.result, [Finding(one.substance, one.use) for one in self.found])


class Observations(Body):
    """Many weeks at once, late and in any order; each week once. `spell`: the stage's last one where none is given.

    `closes_through`: nothing more is expected for the weeks up to this one; without a result they are missing. 0 takes it back.
    `closes_record`: the same for all weeks of an imported record.
    """

    stage: StrictStage
    spell: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    results: list[WeekResult] = Field(max_length=520)
    closes_record: StrictBool = False
    closes_through: Annotated[int, Field(strict=True, ge=0, le=520, examples=[1])] | None = None

    @field_validator("results")
    @classmethod
    def _weeks_differ(cls, results: list[WeekResult]) -> list[WeekResult]:
        if len({result.week for result in results}) != len(results):
            raise ValueError("a week twice")
        return results


class RelapseReport(Body):
    """`stage`: where it happened; `reopens`: the stage the clinician names, None for the pathway's default.

    `use`: prescribed use is never a relapse and refused.
    """

    stage: StrictStage
    reopens: StrictStage | None = None
    on: BusinessDate
    use: Use = "non-medical"


class RelapseView(BaseModel):
    """One definition met in one spell, or a clinician's report (no week). `reopens`: the stage it reopened or opened.

    `status`: found until a clinician confirms or refutes it. `withdrawn`: the weeks show it no more, or the report was none.
    """

    relapse_id: UUID
    stage: int
    spell: int
    definition: str
    week: int | None
    known_on: date
    reopens: int | None
    withdrawn: bool
    status: Status
    reason: str | None


class Confirmation(Body):
    """`reopens`: the stage the holder names, None for the pathway's default."""

    reopens: StrictStage | None = None


class Refutation(Body):
    reason: Code = Field(examples=["laboratory-error"])


@router_commands.put("/journeys/{journey_id}/observations")
@allows(CLINICAL)
async def record_observations(tx: CurrentTx, journey_id: UUID, body: Observations) -> Done:
    """Record weekly results; the relapse definitions are applied again. Answers how the stage stands. Source: standards section 3."""
    results = Results({one.week: one.counted() for one in body.results}, body.closes_record, body.closes_through)
    journey = await service.record_observations(tx, journey_id, (body.stage, body.spell), results)
    return Done(id=journey_id, status=journey.status_of(body.stage) or "")


@router_commands.post("/journeys/{journey_id}/relapses", status_code=201)
@allows(CLINICAL)
async def report_relapse(tx: CurrentTx, journey_id: UUID, body: RelapseReport) -> Done:
    """Report a relapse; it reopens a stage that has ended and marks one still started. Source: mission row 002-46."""
    relapse = await service.report(tx, journey_id, body.stage, (body.on, body.use), body.reopens)
    return Done(id=relapse.relapse_id, status="marked" if relapse.reopens is None else "reopened")


@router_commands.post("/journeys/{journey_id}/relapses/{relapse_id}/confirmation")
@allows(CLINICAL)
async def confirm_relapse(tx: CurrentTx, journey_id: UUID, relapse_id: UUID, body: Confirmation) -> Done:
    """Confirm a finding: only now it reopens a stage and is told to others. Source: issue of corrections, section 2."""
    relapse = await service.decide(tx, journey_id, relapse_id, True, (body.reopens, None))
    return Done(id=relapse_id, status="marked" if relapse.reopens is None else "reopened")


@router_commands.post("/journeys/{journey_id}/relapses/{relapse_id}/refutation")
@allows(CLINICAL)
async def refute_relapse(tx: CurrentTx, journey_id: UUID, relapse_id: UUID, body: Refutation) -> Done:
    """Say that it was none: a finding, a confirmed one, or a report entered in error. What it reopened is taken back.

    Not where that stage was started again. Source: issue of corrections, section 1.
    """
    await service.decide(tx, journey_id, relapse_id, False, (None, body.reason))
    return Done(id=relapse_id, status="refuted")


@router_queries.get("/journeys/{journey_id}/relapses")
@allows(CLINICAL)
async def list_relapses(tx: CurrentTx, journey_id: UUID, paging: Annotated[Paging, Query()]) -> Page[RelapseView]:
    """What was met or reported, withdrawn ones too; `dropout-4-missing` is listed and never a relapse. Source: standards section 3."""
    journey, found = await service.list_relapses(tx, journey_id, after_id(paging.cursor), paging.limit)
    tx.audit("read-relapses", journey.person_id)
    return page_of([RelapseView.model_validate(one.model_dump()) for one in found], paging.limit, lambda item: (item.relapse_id,))
