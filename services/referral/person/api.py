"""Commands on persons. Reading them is in `disclosure/api.py`, consents in `consent/api.py`, a death in `death/api.py`."""

from typing import Literal
from uuid import UUID, uuid4

from pydantic import Field

from services.referral.person import service
from services.referral.person.domain import Category, CategoryCode, Person
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Name, Region, Text

router_commands = commands("persons")


class NewCategory(Body):
    """A category and since when it holds; `until` included, null while it lasts."""

    code: CategoryCode
    since: BusinessDate
    until: BusinessDate | None = None

    def category(self) -> Category:
        return Category(code=self.code, since=self.since, until=self.until)


class CategoryInError(Body):
    """Which one, and why it is wrong; the reason stays with the history."""

    code: CategoryCode
    since: BusinessDate
    reason: Text = Field(examples=["another person of the same name"])


class NewPerson(Body):
    """`life_period` counts only without a birth date; without both the person is taken for an adult."""

    name: Name = Field(description="The record code or the name.", examples=["0051-0123"])
    birth_on: BusinessDate | None = None
    region: Region
    life_period: Literal["minor", "adult"] | None = None
    categories: list[NewCategory] = Field(default=[], max_length=50)


@router_commands.post("/persons", status_code=201)
@allows(roles("coordinator", "system"))
async def register_person(tx: CurrentTx, body: NewPerson) -> Done:
    """Register a person; the answer's id is its pseudonym. Source: mission rows 001-03, 001-04, 000-24."""
    organisation_id = tx.caller.organisation_id
    assert organisation_id is not None, "a meso role acts for an organisation"
    person = Person(
        person_id=uuid4(),
        name=body.name,
        birth_on=body.birth_on,
        region=body.region,
        life_period=body.life_period or "adult",
        registered_by=organisation_id,
        categories=tuple(held.category() for held in body.categories),
    )
    await service.register(tx, person)
    return Done(id=person.person_id, status="registered")


@router_commands.post("/persons/{person_id}/categories", status_code=201)
@allows(roles("coordinator", "system"))
async def add_category(tx: CurrentTx, person_id: UUID, body: NewCategory) -> Done:
    """Add a category, or tell when one ended. Source: mission row 001-04."""
    await service.add_category(tx, person_id, body.category())
    return Done(id=person_id, status="kept")


@router_commands.post("/persons/{person_id}/categories/entered-in-error")
@allows(roles("coordinator", "system"))
async def take_back_category(tx: CurrentTx, person_id: UUID, body: CategoryInError) -> Done:
    """Take back a category as entered in error: by who entered it or has the person. Its history stays. Again changes nothing."""
    await service.take_back_category(tx, person_id, body.code, body.since, body.reason)
    return Done(id=person_id, status="entered-in-error")
