"""Organisations of the network and what they offer. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referral.pathway.domain import Stages
from shared.errors import refuse
from shared.events.referral import Level, OfferedService, OrganisationChanged

Kind = Literal[
    "medical-organisation", "rehabilitation-centre", "ngo", "charity", "church", "community", "school", "municipal-service", "other"
]
Setting = Literal["inpatient", "outpatient", "natural-environment"]
ServiceStatus = Literal["active", "inactive", "defunct", "temporarily-closed"]

AS_OF_NOT_IN_FUTURE = "as-of-not-in-future"


class Filters(NamedTuple):
    """What the registry is asked for: an active service for a stage of a pathway, a region with what lies below it, a kind, a position."""

    pathway: str | None
    stage_code: str | None
    region: str | None
    kind: str | None
    with_position: bool


class Offer(NamedTuple):
    """Which of its services an organisation means; `programme` None: all of the stage."""

    pathway: str
    stage: int
    programme: str | None


class Service(BaseModel):
    """What is offered for a stage; places free as of a day, both None when nobody told. Source: standards section 6."""

    model_config = ConfigDict(frozen=True)

    pathway: str
    stage: int
    stage_code: str
    programme: str
    setting: Setting
    status: ServiceStatus
    places_free: int | None
    places_as_of: date | None


class Organisation(BaseModel):
    """An entry of the network registry. Source: mission rows 002-10, 002-11, 002-43."""

    model_config = ConfigDict(frozen=True)

    organisation_id: UUID
    name: str
    level: Level
    kind: Kind
    region: str
    position_confirmed_on: date | None = None
    services: tuple[Service, ...] = ()

    def changed(self) -> OrganisationChanged:
        """The fact that tells the whole present entry."""
        told = set(OfferedService.model_fields)
        offered = tuple(OfferedService(**service.model_dump(include=told)) for service in self.services)
        return OrganisationChanged(
            organisation_id=self.organisation_id, level=self.level, kind=self.kind, region=self.region, services=offered
        )

    def with_codes(self, stages: Mapping[str, Stages]) -> "Organisation":
        """The entry with the codes of the stages it offers. `stages`: of each of its pathways."""
        services = tuple(s.model_copy(update={"stage_code": stages[s.pathway].place(s.stage).code}) for s in self.services)
        return self.model_copy(update={"services": services})


def check_entry(organisation: Organisation, stages: Mapping[str, Stages], region_known: bool, today: date) -> None:
    """Raises Refused("organisation-not-possible"). `stages`: of each of its pathways. Source: mission rows 002-10, 002-43."""
    offered = [(s.pathway, s.stage, s.programme) for s in organisation.services]
    refuse(
        "organisation-not-possible",
        {
            "region-known": not region_known,
            "stage-of-the-pathway": any(stages[s.pathway].lacks(s.stage) for s in organisation.services),
            "one-service-per-stage-and-programme": len(set(offered)) < len(offered),
            "places-with-as-of": any((s.places_free is None) != (s.places_as_of is None) for s in organisation.services),
            AS_OF_NOT_IN_FUTURE: any(s.places_as_of is not None and s.places_as_of > today for s in organisation.services),
        },
    )


def check_places(as_of: date, today: date) -> None:
    """A count of a day to come would keep every later one out. Raises Refused("places-not-possible"). Source: mission row 000-62."""
    refuse("places-not-possible", {AS_OF_NOT_IN_FUTURE: as_of > today})


def check_position(confirmed_on: date, today: date) -> None:
    """Raises Refused("position-not-possible"). Source: mission row 002-40."""
    refuse("position-not-possible", {"confirmed-on-not-in-future": confirmed_on > today})
