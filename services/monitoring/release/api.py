"""Routes of releases: every figure with numerator, denominator, definition and as-of. Nothing is computed here; a null cell is withheld."""

from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from services.monitoring.definition.domain import DEFINITIONS
from services.monitoring.instruction.domain import covers
from services.monitoring.release import service
from services.monitoring.row.domain import (
    CooperationRow,
    HandoverRow,
    InteractionRow,
    JourneyRow,
    PlaceNotFoundRow,
    ReferralRow,
    RelapseRow,
    ResocializationRow,
    StageRow,
)
from shared.command import CurrentTx, queries
from shared.database import Tx
from shared.errors import Refused
from shared.identity import Caller
from shared.paging import LAST_MOMENT, Moment, Page, Paging, moment, page_of, values_of
from shared.policy import allows, roles
from shared.web import Code, Region

router_queries = queries("releases")
READERS = roles("analyst", "ministry", "region")
BREAKDOWNS = ("region", "programme", "period")

Stage = Annotated[int, Field(ge=1, le=20)]

AnyRow = TypeVar("AnyRow", bound=BaseModel)


class Release(BaseModel):
    """Figures of the months that ended by `closed_until`, that day included; frozen."""

    as_of: datetime
    closed_until: date
    made_at: datetime


class Definition(BaseModel):
    """What a figure counts, in words."""

    code: str = Field(examples=["handover"])
    text: str


class Sought(Paging):
    """Which release and page. `as_of`: one of GET /releases; absent: the newest."""

    as_of: Moment | None = None


class Grain(Sought):
    """One breakdown at a time: nothing below the published grain is shown."""

    region: Region | None = None
    period: str | None = Field(None, pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$", examples=["2026-01"])


class ProgrammeGrain(Grain):
    programme: Code | None = Field(None, examples=["naltrexone"])


class SoughtHandovers(ProgrammeGrain):
    from_stage: Stage | None = None
    to_stage: Stage | None = None


class SoughtFunnel(ProgrammeGrain):
    stage: Stage | None = None
    after_relapse: bool = Field(False, description="The referrals that a relapse opened; never part of the others.")


class SoughtStages(ProgrammeGrain):
    stage: Stage | None = None


class SoughtRelapses(Sought):
    definition: Code | None = Field(None, examples=["consecutive-4-from-week-3"])
    stage: Stage | None = None
    programme: Code | None = None


class SoughtResocialization(Grain):
    after_stage: Stage | None = None


class SoughtPlaces(Sought):
    stage: Stage | None = None
    region: Region | None = None


class SoughtCooperation(Sought):
    region: Region | None = None


@router_queries.get("/releases")
@allows(READERS)
async def list_releases(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[Release]:
    """All releases, newest first; each stays as it is."""
    before = moment(values_of(paging.cursor, 1)[0]) if paging.cursor else LAST_MOMENT
    found = await service.list_releases(tx, before, paging.limit)
    items = [Release(as_of=as_of, closed_until=closed, made_at=made_at) for as_of, closed, made_at in found]
    return page_of(items, paging.limit, lambda item: (item.as_of,))


@router_queries.get("/definitions")
@allows(READERS)
async def list_definitions(tx: CurrentTx) -> list[Definition]:
    """What each figure counts; the rows name these codes."""
    return [Definition(code=code, text=text) for code, text in DEFINITIONS.items()]


@router_queries.get("/handovers")
@allows(READERS)
async def list_handovers(tx: CurrentTx, sought: Annotated[SoughtHandovers, Query()]) -> Page[HandoverRow]:
    """Where persons get lost between two stages. Source: mission rows 002-04, 002-05; standards section 4."""
    return await _page(tx, "handovers", sought, HandoverRow)


@router_queries.get("/referral-funnel")
@allows(READERS)
async def list_referral_funnel(tx: CurrentTx, sought: Annotated[SoughtFunnel, Query()]) -> Page[ReferralRow]:
    """Persons referred, accepted, started. Source: mission rows 002-06, 002-29."""
    name = "referral_funnel_after_relapse" if sought.after_relapse else "referral_funnel"
    return await _page(tx, name, sought, ReferralRow)


@router_queries.get("/journeys-funnel")
@allows(READERS)
async def list_journeys_funnel(tx: CurrentTx, sought: Annotated[Grain, Query()]) -> Page[JourneyRow]:
    """Journeys completed, left, open, and treated but not complete; the time it took. Source: mission rows 002-37, 002-49, 000-66."""
    return await _page(tx, "journeys", sought, JourneyRow)


@router_queries.get("/journeys-funnel/stages")
@allows(READERS)
async def list_stages(tx: CurrentTx, sought: Annotated[SoughtStages, Query()]) -> Page[StageRow]:
    """Persons who started, completed, left each stage. Source: mission row 002-28."""
    return await _page(tx, "stages", sought, StageRow)


@router_queries.get("/journeys-funnel/resocialization")
@allows(READERS)
async def list_resocialization(tx: CurrentTx, sought: Annotated[SoughtResocialization, Query()]) -> Page[ResocializationRow]:
    """Of those who completed stage 4 (second figure: 3): started 5, completed it, neither, with reasons. Source: mission row 002-04."""
    return await _page(tx, "resocialization", sought, ResocializationRow)


@router_queries.get("/relapses")
@allows(READERS)
async def list_relapses(tx: CurrentTx, sought: Annotated[SoughtRelapses, Query()]) -> Page[RelapseRow]:
    """Persons by definition, stage and programme, of those who started. Source: standards section 3."""
    return await _page(tx, "relapses", sought, RelapseRow)


@router_queries.get("/interaction")
@allows(READERS)
async def list_interaction(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[InteractionRow]:
    """How levels answer one another, by pair. Source: mission row 002-22."""
    return await _page(tx, "interaction", sought, InteractionRow)


@router_queries.get("/places-not-found")
@allows(READERS)
async def list_places_not_found(tx: CurrentTx, sought: Annotated[SoughtPlaces, Query()]) -> Page[PlaceNotFoundRow]:
    """Requests that found no place, by region and stage. Source: mission row 000-62."""
    return await _page(tx, "places_not_found", sought, PlaceNotFoundRow)


@router_queries.get("/cooperation")
@allows(READERS)
async def list_cooperation(tx: CurrentTx, sought: Annotated[SoughtCooperation, Query()]) -> Page[CooperationRow]:
    """Per region, side by side: stage 4, the hand-overs around it, the offers of stages 4 and 5. Source: mission rows 002-28, 002-29."""
    return await _page(tx, "cooperation", sought, CooperationRow)


async def _page(tx: Tx, name: str, sought: Sought, model: type[AnyRow]) -> Page[AnyRow]:
    """The wanted rows in the order of the release. A cursor stays with its release, whatever is released meanwhile."""
    wanted = sought.model_dump(exclude={"as_of", "cursor", "limit", "after_relapse"}, exclude_none=True)
    if sum(breakdown in wanted for breakdown in BREAKDOWNS) > 1:
        raise Refused("below-published-grain")
    pinned, start = _place(sought.cursor) if sought.cursor else (sought.as_of, 0)
    as_of, rows = await service.list_rows(tx, name, pinned)
    seen = [row for row in rows if _may_see(tx.caller, row) and all(row.get(field) == value for field, value in wanted.items())]
    stop = start + sought.limit
    items = [model.model_validate(row) for row in seen[start : stop + 1]]
    return page_of(items, sought.limit, lambda _: (as_of, str(stop)))


def _may_see(caller: Caller, row: dict[str, Any]) -> bool:
    """A region's authority sees the whole country's rows and those of its own regions."""
    region = row.get("region")
    return region is None or caller.has("analyst", "ministry") or covers(caller.regions, region)


def _place(cursor: str) -> tuple[datetime, int]:
    as_of, start = values_of(cursor, 2)
    if not (start.isascii() and start.isdigit() and len(start) < 9):
        raise Refused("bad-cursor")
    return moment(as_of), int(start)
