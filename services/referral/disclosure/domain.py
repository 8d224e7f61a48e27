"""What is shown of a person, and the notice that goes with it. Pure."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.referral.person.domain import ROLE_TEXT, Category, Person, RoleText
from services.referral.relation.domain import Action
from shared.events.referral import LifePeriod

REDISCLOSURE_NOTICE = "Disclosed under the person's consent. Telling it to anyone else needs a consent of its own."

EMERGENCY_NOTICE = "Shown in an emergency, without a consent. The person and whoever registered it are told, and it is reviewed."


class Identity(BaseModel):
    """Who the person is. `notice` where it is shown under a consent or in an emergency. Source: privacy section 4."""

    model_config = ConfigDict(frozen=True)

    name: str
    birth_on: date | None
    categories: tuple[Category, ...]
    notice: str | None


class PersonView(BaseModel):
    """A person as the caller may see it; without a consent `identity` is null, as if there were none. Source: mission row 000-25."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    region: str
    life_period: LifePeriod
    role_text: RoleText
    died_on: date | None = Field(description="Once it is confirmed; not shown to who had the person before.")
    death_reported_on: date | None = Field(description="A report that waits for a second person, shown to who may confirm it.")
    identity: Identity | None


class Disclosure(BaseModel):
    """What an organisation was shown, when, under which consent or in which emergency."""

    disclosure_id: UUID
    consent_id: UUID | None
    emergency_access_id: UUID | None
    to_organisation_id: UUID
    what: str
    at: datetime


def identity(person: Person, notice: str | None) -> Identity:
    return Identity(name=person.name, birth_on=person.birth_on, categories=person.categories, notice=notice)


def view(person: Person, period: LifePeriod, who: Identity | None, may: Callable[[Action], bool]) -> PersonView:
    """The role text differs by age. Source: mission row 000-25."""
    return PersonView(
        id=person.person_id,
        region=person.region,
        life_period=period,
        role_text=ROLE_TEXT[period],
        died_on=person.died_on if may("see-death") else None,
        death_reported_on=person.death_reported_on if may("record-death") else None,
        identity=who,
    )
