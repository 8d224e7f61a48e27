"""What is shown of a person, and the notice that goes with it. Pure."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referral.person.domain import ROLE_TEXT, Category, Person, RoleText
from shared.events.referral import LifePeriod

REDISCLOSURE_NOTICE = "Disclosed under the person's consent. Telling it to anyone else needs a consent of its own."


class Identity(BaseModel):
    """Who the person is. `notice` where it is shown under a consent. Source: privacy section 4."""

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
    died_on: date | None
    identity: Identity | None


class Disclosure(BaseModel):
    """What an organisation was shown, when, under which consent."""

    disclosure_id: UUID
    consent_id: UUID
    to_organisation_id: UUID
    what: str
    at: datetime


def identity(person: Person, under_consent: bool) -> Identity:
    notice = REDISCLOSURE_NOTICE if under_consent else None
    return Identity(name=person.name, birth_on=person.birth_on, categories=person.categories, notice=notice)


def view(person: Person, period: LifePeriod, who: Identity | None) -> PersonView:
    """The role text differs by age. Source: mission row 000-25."""
    return PersonView(
        id=person.person_id,
        region=person.region,
        life_period=period,
        role_text=ROLE_TEXT[period],
        died_on=person.died_on,
        identity=who,
    )
