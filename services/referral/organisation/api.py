"""Routes of the network registry."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.referral.organisation import service
from services.referral.organisation.domain import Filters, Kind, Offer, Organisation, Service, ServiceStatus, Setting
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


class Sought(Paging):
    """The filters of the registry. `pathway` alone: with a service for any of its stages; `stage` alone: of addiction-rehabilitation."""

    pathway: Code | None = None
    stage: Stage | None = None
    region: Region | None = None
    kind: Kind | None = None
    position: Literal["confirmed"] | None = None


class OrganisationView(BaseModel):
    """An organisation as everybody in the network sees it."""

    id: UUID
    name: str
    level: Level
    kind: Kind
    region: str
    position_confirmed_on: date | None
    services: tuple[Service, ...]


def _view(organisation: Organisation) -> OrganisationView:
    return OrganisationView(id=organisation.organisation_id, **organisation.model_dump(exclude={"organisation_id"}))


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


@router_queries.get("/organisations")
@allows(roles(*EVERYBODY))
async def list_organisations(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[OrganisationView]:
    """The registry by stage, region (with its districts), kind and confirmed position."""
    pathway = sought.pathway or (DEFAULT_PATHWAY if sought.stage else None)
    code = await service.code_of(tx, pathway, sought.stage) if pathway and sought.stage else None
    filters = Filters(pathway, code, sought.region, sought.kind, sought.position == "confirmed")
    found = await service.list_organisations(tx, after_id(sought.cursor), filters, sought.limit)
    return page_of([_view(o) for o in found], sought.limit, lambda item: (item.id,))


@router_queries.get("/organisations/{organisation_id}")
@allows(roles(*EVERYBODY))
async def get_organisation(tx: CurrentTx, organisation_id: UUID) -> OrganisationView:
    """One entry of the registry."""
    return _view(await service.get_organisation(tx, organisation_id))
