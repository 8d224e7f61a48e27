"""Organisations of the network and what they offer. Pure."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import refuse
from shared.events.referral import Level, OfferedService, OrganisationChanged

Kind = Literal[
    "medical-organisation", "rehabilitation-centre", "ngo", "charity", "church", "community", "school", "municipal-service", "other"
]
Filters = tuple[int | None, str | None, str | None, bool]
"""Stage, region (with what lies below it), kind, only with a confirmed position."""
Setting = Literal["inpatient", "outpatient", "natural-environment"]
ServiceStatus = Literal["active", "inactive", "defunct", "temporarily-closed"]
StrictStage = Annotated[int, Field(strict=True, ge=1, le=5, examples=[2])]

AS_OF_NOT_IN_FUTURE = "as-of-not-in-future"


class Service(BaseModel):
    """What is offered for a stage; places free as of a day, both None when nobody told. Source: standards section 6."""

    model_config = ConfigDict(frozen=True)

    stage: int
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
        offered = tuple(OfferedService(stage=s.stage, programme=s.programme, setting=s.setting, status=s.status) for s in self.services)
        return OrganisationChanged(
            organisation_id=self.organisation_id, level=self.level, kind=self.kind, region=self.region, services=offered
        )


def check_entry(organisation: Organisation, region_known: bool, today: date) -> None:
    """Raises Refused("organisation-not-possible"). Source: mission rows 002-10, 002-43."""
    offered = [(s.stage, s.programme) for s in organisation.services]
    refuse(
        "organisation-not-possible",
        {
            "region-known": not region_known,
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
