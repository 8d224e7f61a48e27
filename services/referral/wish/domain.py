"""A wish for a referral and what it is refused for. Pure. What becomes of it is `referral/domain.py`'s."""

from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referral.pathway.domain import Place
from services.referral.transition.domain import Status
from shared.errors import refuse
from shared.events.referral import ReferralOrigin

Source = Literal["1", "2", "3", "4", "5", "6", "7", "99"]


class Wish(BaseModel):
    """What a new referral is to be. `to_organisation_id` None: any qualified organisation of the region, the first to accept owns it."""

    model_config = ConfigDict(frozen=True)

    person_id: UUID
    journey_id: UUID | None
    pathway: str
    stage: int
    stage_code: str
    from_organisation_id: UUID | None
    to_organisation_id: UUID | None
    region: str | None
    origin: ReferralOrigin
    source: Source
    due_on: date | None
    """The day by which an answer is due; None for imported history."""
    draft: bool = False
    imported: bool = False
    replaces: UUID | None = None

    @property
    def place(self) -> Place:
        return Place(self.pathway, self.stage, self.stage_code)

    def at(self, place: Place) -> "Wish":
        """The same wish for another stage."""
        return self.model_copy(update={"pathway": place.pathway, "stage": place.stage, "stage_code": place.code})


class Circumstances(NamedTuple):
    """What a wish is checked against. `position_good`: the organisation confirmed the common position, or nobody asks for it.

    `confirmed`, `confirmed_for_stage`: the registry confirmed the organisation, and for the stage; true where none is named.
    `not_own_next`: who asks names itself, and the stage is not the next one of a journey by which it has the person.
    `other_pathway`: it names a pathway that is not its journey's. `stage_lacking`: the pathway is known and has no such stage.
    """

    has_died: bool
    organisation_known: bool
    position_good: bool
    replaced: Status | None
    by_system: bool
    not_own_next: bool = False
    other_pathway: bool = False
    stage_lacking: bool = False
    confirmed: bool = True
    confirmed_for_stage: bool = True


def addressing(confirmed: bool, confirmed_for_stage: bool) -> dict[str, bool]:
    """What keeps an organisation from being asked to take anybody. Source: mission row 002-10."""
    return {"organisation-confirmed": not confirmed, "organisation-confirmed-for-stage": confirmed and not confirmed_for_stage}


def check_wish(wish: Wish, circumstances: Circumstances) -> None:
    """Raises Refused("referral-not-possible"). Source: mission rows 002-40, 000-62; contracts section 3."""
    refuse(
        "referral-not-possible",
        {
            "person-alive": circumstances.has_died,
            "organisation-known": not circumstances.organisation_known,
            **addressing(circumstances.confirmed, circumstances.confirmed_for_stage),
            "position-confirmed": not circumstances.position_good,
            "own-next-stage": circumstances.not_own_next,
            "pathway-of-the-journey": circumstances.other_pathway,
            "stage-of-the-pathway": circumstances.stage_lacking,
            "replaced-one-rejected": wish.replaces is not None and circumstances.replaced != "rejected",
            "imported-by-a-system": wish.imported and not circumstances.by_system,
        },
    )
