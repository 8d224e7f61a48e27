"""Organisations of the network and what they offer. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referral.pathway.domain import Place, Stages
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
    confirmed: bool | None


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

    @property
    def place(self) -> Place:
        return Place(self.pathway, self.stage, self.stage_code)


class Confirmation(BaseModel):
    """As what an organisation was last confirmed. `stages`: those it may serve, in order."""

    model_config = ConfigDict(frozen=True)

    level: Level
    kind: Kind
    region: str
    stages: tuple[Place, ...]


class Judgement(BaseModel):
    """What the ministry or a region says of an organisation. `region` None: the one it entered; the rest is None in a withdrawal only."""

    model_config = ConfigDict(frozen=True)

    confirmed: bool
    level: Level | None = None
    kind: Kind | None = None
    region: str | None = None
    stages: tuple[tuple[str, int], ...] | None = None
    """Each by its pathway and position."""


class Organisation(BaseModel):
    """An entry of the network registry as the organisation made it, and as what it was last confirmed.

    `confirmed`: whether that holds now. Source: mission rows 002-10, 002-11, 002-43.
    """

    model_config = ConfigDict(frozen=True)

    organisation_id: UUID
    name: str
    level: Level
    kind: Kind
    region: str
    position_confirmed_on: date | None = None
    services: tuple[Service, ...] = ()
    confirmed: bool = False
    confirmation: Confirmation | None = None

    def that_counts(self) -> "Organisation":
        """With what was last confirmed, whatever the entry says since; before the first confirmation the entry."""
        if self.confirmation is None:
            return self
        services = tuple(service for service in self.services if self.was_confirmed_for(service.place))
        return self.model_copy(update={**self.confirmation.model_dump(include={"level", "kind", "region"}), "services": services})

    def was_confirmed_for(self, place: Place) -> bool:
        return self.confirmation is not None and any((p.pathway, p.code) == (place.pathway, place.code) for p in self.confirmation.stages)

    def changed(self) -> OrganisationChanged:
        """The fact that tells the whole present entry, as far as it counts."""
        counting, told = self.that_counts(), set(OfferedService.model_fields)
        return OrganisationChanged(
            organisation_id=self.organisation_id,
            level=counting.level,
            kind=counting.kind,
            region=counting.region,
            services=tuple(OfferedService(**service.model_dump(include=told)) for service in counting.services),
            confirmed=self.confirmed,
        )

    def judged(self, judgement: Judgement, stages: Mapping[str, Stages]) -> "Organisation":
        """After a judgement that `check_judgement` lets pass. A withdrawal keeps as what it counts: the entry alone never does again."""
        if not judgement.confirmed:
            return self.model_copy(update={"confirmed": False})
        places = sorted({stages[pathway].place(stage) for pathway, stage in judgement.stages or ()})
        said = judgement.model_dump(include={"level", "kind"}) | {"region": judgement.region or self.region, "stages": places}
        return self.model_copy(update={"confirmed": True, "confirmation": Confirmation.model_validate(said)})

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


def check_judgement(judgement: Judgement, stages: Mapping[str, Stages], region_possible: bool) -> None:
    """A confirmation says all that counts from now on. `region_possible`: there is such a region, and it is the caller's to speak for.

    Raises Refused("confirmation-not-possible"). Source: mission rows 002-10, 002-11.
    """
    wanted = judgement.confirmed
    refuse(
        "confirmation-not-possible",
        {
            "level-named": wanted and judgement.level is None,
            "kind-named": wanted and judgement.kind is None,
            "stages-named": wanted and judgement.stages is None,
            "region-known": wanted and not region_possible,
            "stage-of-the-pathway": wanted and any(stages[pathway].lacks(stage) for pathway, stage in judgement.stages or ()),
        },
    )
