"""Pathways on the wire."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, Field, StrictBool

from services.programme.pathway import service
from services.programme.pathway.domain import Language, Pathway, PathwayStatus, StageRule
from shared.command import CurrentTx, Done, commands, queries
from shared.database import Record
from shared.paging import Page, Paging, after_code, page_of
from shared.policy import MACRO, MESO, allows, roles
from shared.web import MOST_STAGES, Body, Code, Name, StrictStage

router_commands = commands("pathways")
router_queries = queries("pathways")

READERS = roles(*MESO, *MACRO)
PathwayCode = Annotated[Code, Path(examples=["addiction-rehabilitation"])]
Version = Annotated[int, Path(ge=1, le=100_000)]
Weeks = Annotated[int, Field(strict=True, ge=1, le=520, examples=[24])]
Months = Annotated[int, Field(strict=True, ge=1, le=60, examples=[6])]


class NewStage(Body):
    """One stage of a new version; `planned_months`: fewest and most, a plan outside them needs a reason.

    A property that is null is not said: addiction-rehabilitation then has what its mission rows ask, another pathway does not have
    it; where no stage is said to complete the journey the last one does. `natural_environment`: another setting needs a reason.
    `titles`: in all four languages or none.
    """

    stage: StrictStage
    code: Code = Field(examples=["treatment"])
    planned_weeks: Weeks
    needs_medical_organisation: StrictBool = False
    needs_responsible_doctor: StrictBool = False
    planned_months: tuple[Months, Months] | None = None
    relapse_reopens: StrictStage | None = None
    relapse_definitions: list[Code] = Field(default=[], max_length=20, examples=[["consecutive-4-from-week-3"]])
    completes_the_journey: StrictBool | None = None
    asks_for_support: StrictBool | None = None
    halfway: StrictBool | None = None
    needs_four_levels: StrictBool | None = None
    natural_environment: StrictBool | None = None
    adaptation_goals: list[Code] | None = Field(default=None, max_length=20, examples=[["restored-ties"]])
    titles: dict[Language, Name] | None = Field(
        default=None, examples=[{"uz-Latn": "Davolash", "uz-Cyrl": "Даволаш", "ru": "Лечение", "en": "Treatment"}]
    )


class NewPathway(Body):
    code: Code = Field(examples=["addiction-rehabilitation"])
    stages: list[NewStage] = Field(min_length=1, max_length=MOST_STAGES)


class PathwayView(BaseModel):
    pathway_id: UUID
    code: str
    version: int
    status: PathwayStatus
    stages: list[StageRule]


@router_queries.get("/pathways")
@allows(READERS)
async def list_pathways(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[PathwayView]:
    """One version of each pathway: the published one that journeys are opened on, else the newest."""
    found = await service.list_pathways(tx, after_code(paging.cursor), paging.limit)
    return page_of([_view(row) for row in found], paging.limit, lambda item: (item.code,))


@router_queries.get("/pathways/{code}")
@allows(READERS)
async def list_versions(tx: CurrentTx, code: PathwayCode) -> Page[PathwayView]:
    """All versions of a pathway, newest first. Source: mission row 002-01."""
    return Page[PathwayView](items=[_view(row) for row in await service.versions(tx, code)])


@router_commands.post("/pathways", status_code=201)
@allows(roles("ministry"))
async def draft_pathway(tx: CurrentTx, body: NewPathway) -> Done:
    """A new version of a pathway of 1 to 20 stages, not yet published. Source: mission row 002-12."""
    said = [stage.model_dump(exclude_none=True) for stage in body.stages]
    return Done(id=await service.draft(tx, body.code, said), status="draft")


@router_commands.post("/pathways/{code}/versions/{version}/publication")
@allows(roles("ministry"))
async def publish_pathway(tx: CurrentTx, code: PathwayCode, version: Version) -> Done:
    """From now on journeys are opened on this version, unless a higher one is published. Source: mission row 002-12."""
    return Done(id=await service.change_status(tx, code, version, "published"), status="published")


@router_commands.post("/pathways/{code}/versions/{version}/retirement")
@allows(roles("ministry"))
async def retire_pathway(tx: CurrentTx, code: PathwayCode, version: Version) -> Done:
    """No journey is opened on this version any more; those under way keep it. Source: mission row 002-12."""
    return Done(id=await service.change_status(tx, code, version, "retired"), status="retired")


def _view(row: Record) -> PathwayView:
    pathway = Pathway.model_validate_json(row["body"])
    return PathwayView(
        pathway_id=row["pathway_id"], code=pathway.code, version=pathway.version, status=row["status"], stages=list(pathway.stages)
    )
