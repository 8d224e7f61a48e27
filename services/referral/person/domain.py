"""Persons: life period, categories, death. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse
from shared.events.referral import LifePeriod

CategoryCode = Literal[
    "former-prisoner",
    "addiction",
    "refugee-or-forced-migrant",
    "separated-child-or-adolescent",
    "changed-life-circumstances",
    "offender-in-community",
    "school-maladjustment",
    "desocialization",
    "personality-disorder",
    "mental-illness",
    "severe-stress",
    "stroke",
]
RoleText = Literal["decides-alone", "protected-with-guardian"]
ROLE_TEXT: dict[LifePeriod, RoleText] = {"adult": "decides-alone", "minor": "protected-with-guardian"}


class Category(BaseModel):
    """A category with its dates; several may hold at once. Source: mission rows 001-03, 001-04, 000-37."""

    model_config = ConfigDict(frozen=True)

    code: CategoryCode
    since: date
    until: date | None


class CategoryEntry(BaseModel):
    """One line of what was said of a person's categories; kept for ever."""

    model_config = ConfigDict(frozen=True)

    category_entry_id: UUID
    code: CategoryCode
    since: date
    until: date | None
    at: datetime
    change: Literal["entered", "entered-in-error"]
    organisation_id: UUID | None
    reason: str | None


class Person(BaseModel):
    """A person as registered. `life_period` is what was told; with a birth date the date decides.

    `died_on` once it is confirmed; `death_reported_on` while a report waits for a second person, who is not `death_reported_by`.
    """

    model_config = ConfigDict(frozen=True)

    person_id: UUID
    name: str
    birth_on: date | None
    region: str
    life_period: LifePeriod
    registered_by: UUID
    died_on: date | None = None
    death_reported_on: date | None = None
    death_reported_by: UUID | None = None
    erased_on: date | None = None
    categories: tuple[Category, ...] = ()

    def period_on(self, day: date, majority_age: int) -> LifePeriod:
        return life_period(self.birth_on, self.life_period, day, majority_age)


def birthday(birth_on: date, years: int) -> date:
    """The day on which `years` full years are reached; who was born on 29 February reaches them on 1 March of a shorter year."""
    try:
        return birth_on.replace(year=birth_on.year + years)
    except ValueError:
        return date(birth_on.year + years, 3, 1)


def life_period(birth_on: date | None, told: LifePeriod, day: date, majority_age: int) -> LifePeriod:
    """Minor from birth to majority, adult from that birthday on. Source: mission row 000-24."""
    if birth_on is None:
        return told
    return "adult" if day >= birthday(birth_on, majority_age) else "minor"


def check_registration(person: Person, region_known: bool, dates: Mapping[str, bool]) -> None:
    """Raises Refused("person-not-registrable"). `dates`: what is wrong with those entered. Source: mission rows 001-04, 002-43."""
    refuse(
        "person-not-registrable",
        {"region-known": not region_known, **dates, "category-ends-after-it-begins": not all(_in_order(c) for c in person.categories)},
    )


def check_category(category: Category, dates: Mapping[str, bool]) -> None:
    """Raises Refused("category-not-possible"). `dates`: what is wrong with its beginning. Source: mission row 001-04."""
    refuse("category-not-possible", {**dates, "category-ends-after-it-begins": not _in_order(category)})


def _in_order(category: Category) -> bool:
    return category.until is None or category.until >= category.since
