"""Routes of the network registry."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field, StrictBool

from services.referral.organisation import service
from services.referral.organisation.domain import Filters, Judgement, Kind, Offer, Organisation, Service, ServiceStatus, Setting
from shared.command import CurrentTx, Done, commands, queries
from shared.events.pathway import DEFAULT_PATHWAY, code_at
from shared.events.referral import Level
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import EVERYBODY, allows, roles
from shared.web import Body, BusinessDate, Code, Name, Region, Stage, StrictStage

router_commands = commands("organisations")
router_queries = queries("organisations")

Places = Annotated[int, Field(strict=True, ge=0, le=100_000, examples=[4])]


class OfferedService(Body):
    """A service for a stage of a pathway, also of one that no journey is on yet; places go with the day they were counted."""

    pathway: Code = DEFAULT_PATHWAY
    stage: StrictStage
    programme: Code = Field(examples=["naltrexone"])
    setting: Setting
    status: ServiceStatus = "active"
    places_free: Places | None = None
    places_as_of: BusinessDate | None = None


class Entry(Body):
    """An organisation's whole entry."""

    name: Name = Field(examples=["0051-site-01-naltrexone"])
    level: Level
    kind: Kind
    region: Region
    services: list[OfferedService] = Field(max_length=200)


class PlacesFree(Body):
    """`programme` None: for all services of the stage."""

    places_free: Places
    as_of: BusinessDate
    pathway: Code = DEFAULT_PATHWAY
    programme: Code | None = None


class Position(Body):
    """Negative attitude to illicit use and trafficking, confirmed on a day."""

    confirmed_on: BusinessDate


class StageOf(Body):
    """A stage by its position in a pathway."""

    pathway: Code = DEFAULT_PATHWAY
    stage: StrictStage


class NewConfirmation(Body):
    """What counts of an organisation, whatever its entry says; `confirmed` false alone: it receives nothing any more.

    `stages`: which it may serve; a position alone is of addiction-rehabilitation. `region` null: the one it entered.
    """

    confirmed: StrictBool = True
    kind: Kind | None = None
    level: Level | None = None
    stages: list[StrictStage | StageOf] | None = Field(
        default=None, max_length=200, examples=[[1, {"pathway": "some-pathway", "stage": 2}]]
    )
    region: Region | None = None


class Sought(Paging):
    """The filters of the registry. `pathway` alone: with a service for any of its stages; `stage` alone: of addiction-rehabilitation."""

    pathway: Code | None = None
    stage: Stage | None = None
    region: Region | None = None
    kind: Kind | None = None
    position: Literal["confirmed"] | None = None
    confirmed: bool | None = None


class Entered(BaseModel):
    """What an organisation says of itself."""

    level: Level
    kind: Kind
    region: str


class ServiceView(Service):
    """`confirmed`: whether the organisation may serve the stage."""

    confirmed: bool


class OrganisationView(BaseModel):
    """An organisation as everybody in the network sees it: as what it counts, beside what it entered.

    `confirmed`: whether it receives referrals, enquiries and concerns. `stages`: those it may serve, as last confirmed.
    """

    id: UUID
    name: str
    confirmed: bool
    level: Level
    kind: Kind
    region: str
    stages: list[StageOf]
    entered: Entered
    position_confirmed_on: date | None
    services: list[ServiceView]


def _view(o: Organisation) -> OrganisationView:
    counting = o.that_counts()
    return OrganisationView(
        id=o.organisation_id,
        name=o.name,
        confirmed=o.confirmed,
        level=counting.level,
        kind=counting.kind,
        region=counting.region,
        stages=[StageOf(pathway=place.pathway, stage=place.stage) for place in o.confirmation.stages] if o.confirmation else [],
        entered=Entered(level=o.level, kind=o.kind, region=o.region),
        position_confirmed_on=o.position_confirmed_on,
        services=[ServiceView(**s.model_dump(), confirmed=o.confirmed and o.was_confirmed_for(s.place)) for s in o.services],
    )


@router_commands.put("/organisations/{organisation_id}")
@allows(roles("registrar", "system"))
async def put_organisation(tx: CurrentTx, organisation_id: UUID, body: Entry) -> Done:
    """Enter or replace your own organisation. Source: mission rows 002-10, 002-11."""
    services = tuple(Service(**offered.model_dump(), stage_code=code_at((), offered.stage)) for offered in body.services)
    entry = Organisation(organisation_id=organisation_id, services=services, **body.model_dump(exclude={"services"}))
    await service.put_organisation(tx, entry)
    return Done(id=organisation_id, status="kept")


@router_commands.put("/organisations/{organisation_id}/services/{stage}/places")
@allows(roles("registrar", "system"))
async def put_places(tx: CurrentTx, organisation_id: UUID, stage: Stage, body: PlacesFree) -> Done:
    """Tell how many places are free, as of a day. Source: mission row 000-62."""
    await service.put_places(tx, organisation_id, Offer(body.pathway, stage, body.programme), body.places_free, body.as_of)
    return Done(id=organisation_id, status="kept")


@router_commands.put("/organisations/{organisation_id}/position")
@allows(roles("registrar", "system"))
async def confirm_position(tx: CurrentTx, organisation_id: UUID, body: Position) -> Done:
    """Confirm the network's common position. Source: mission row 002-40."""
    await service.confirm_position(tx, organisation_id, body.confirmed_on)
    return Done(id=organisation_id, status="confirmed")


@router_commands.put("/organisations/{organisation_id}/confirmation")
@allows(roles("ministry", "region"))
async def judge(tx: CurrentTx, organisation_id: UUID, body: NewConfirmation) -> Done:
    """Confirm as what an organisation counts and which stages it may serve, or withdraw that. A region: of its regions alone.

    Source: mission rows 002-10, 002-11.
    """
    asked = [StageOf(stage=one) if isinstance(one, int) else one for one in body.stages or ()]
    stages = None if body.stages is None else tuple((one.pathway, one.stage) for one in asked)
    await service.judge(tx, organisation_id, Judgement(**body.model_dump(exclude={"stages"}), stages=stages))
    return Done(id=organisation_id, status="confirmed" if body.confirmed else "withdrawn")


@router_queries.get("/organisations/waiting")
@allows(roles("ministry", "region"))
async def list_waiting(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[OrganisationView]:
    """Who waits for you to confirm it: unconfirmed, or changed since to something that was not confirmed."""
    found = await service.list_waiting(tx, after_id(paging.cursor), paging.limit)
    return page_of([_view(o) for o in found], paging.limit, lambda item: (item.id,))


@router_queries.get("/organisations")
@allows(roles(*EVERYBODY))
async def list_organisations(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[OrganisationView]:
    """The registry by stage, region (with its districts), kind, confirmed position, and whether it is confirmed."""
    pathway = sought.pathway or (DEFAULT_PATHWAY if sought.stage else None)
    code = await service.code_of(tx, pathway, sought.stage) if pathway and sought.stage else None
    filters = Filters(pathway, code, sought.region, sought.kind, sought.position == "confirmed", sought.confirmed)
    found = await service.list_organisations(tx, after_id(sought.cursor), filters, sought.limit)
    return page_of([_view(o) for o in found], sought.limit, lambda item: (item.id,))


@router_queries.get("/organisations/{organisation_id}")
@allows(roles(*EVERYBODY))
async def get_organisation(tx: CurrentTx, organisation_id: UUID) -> OrganisationView:
    """One entry of the registry."""
    return _view(await service.get_organisation(tx, organisation_id))
