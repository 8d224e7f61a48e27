"""What can be asked about persons. Who has no case relation to a person is told that there is none."""

from datetime import date
from uuid import UUID

from services.referral.person import domain, store
from services.referral.person.domain import Category, CategoryCode, CategoryEntry, Person
from services.referral.region import service as regions
from services.referral.relation import service as relations
from services.referral.relation.domain import Action
from services.referral.settings import settings
from shared import business_dates as dates
from shared.clock import set_deadline
from shared.database import Tx
from shared.errors import NotFound
from shared.events.referral import LifePeriod, PersonCameOfAge, PersonRegistered
from shared.working_days import end_of

CAME_OF_AGE = "came-of-age"


async def register(tx: Tx, person: Person) -> None:
    """A new person under a pseudonym that tells nothing. Source: mission rows 000-24, 001-03, 001-04."""
    domain.check_registration(person, await regions.is_known(tx, person.region), _dates_of(tx, person))
    period = period_today(tx, person)
    await store.insert_person(tx, person.model_copy(update={"life_period": period}))
    await store.save_categories(tx, person.person_id, person.categories)
    if person.birth_on is not None and period == "minor":
        day_before = domain.birthday(person.birth_on, settings().majority_age).toordinal() - 1
        await set_deadline(tx, CAME_OF_AGE, person.person_id, end_of(date.fromordinal(day_before)))
    registered = {"region": person.region, "life_period": period, "organisation_id": person.registered_by}
    tx.append(person.person_id, PersonRegistered.model_validate({"person_id": person.person_id, **registered}))


def _dates_of(tx: Tx, person: Person) -> dict[str, bool]:
    """What is wrong with the dates of a registration."""
    entered = [dates.unmet(person.birth_on, today(tx))] if person.birth_on else []
    entered += [dates.unmet(held.since, today(tx), birth_on=person.birth_on) for held in person.categories]
    return {name: any(wrong[name] for wrong in entered) for name in (entered[0] if entered else ())}


async def add_category(tx: Tx, person_id: UUID, category: Category) -> None:
    """Add a category or end one that began on the same day. Source: mission row 001-04."""
    person = await lock_person(tx, person_id, "change-categories")
    domain.check_category(category, dates.unmet(category.since, today(tx), birth_on=await birth_known(tx, person), died_on=person.died_on))
    await store.save_categories(tx, person_id, [category])


async def take_back_category(tx: Tx, person_id: UUID, code: CategoryCode, since: date, reason: str) -> None:
    """It was entered in error, such as on the wrong person: by who entered it or has the case. A second time changes nothing.

    Raises NotFound for a category that the person never had, and for who may not take it back. Source: issue of corrections, section 1.
    """
    await lock_person(tx, person_id, "read-person")
    entries = await store.list_entries_of(tx, person_id, code, since)
    entered_by = next((entry.organisation_id for entry in entries if entry.change == "entered"), None)
    by_own = entered_by is not None and entered_by == tx.caller.organisation_id
    if not by_own and not await relations.may(tx, "take-back-category", person_id):
        raise NotFound("category")
    if entries and entries[0].change == "entered-in-error":
        return
    if not await store.take_back_category(tx, person_id, code, since, reason):
        raise NotFound("category")


async def list_category_entries(tx: Tx, person_id: UUID, by: UUID | None, after: UUID, limit: int) -> list[CategoryEntry]:
    """What was said of the person's categories, the oldest first. `by`: by this organisation only."""
    return await store.list_entries(tx, person_id, by, after, limit)


async def get_person(tx: Tx, person_id: UUID) -> Person:
    """With categories."""
    person = await store.find_whole(tx, person_id)
    if person is None or person.erased_on is not None:
        raise NotFound("person")
    return person


async def find_person(tx: Tx, person_id: UUID) -> Person | None:
    """Without categories: all that a referral needs."""
    return await store.find_person(tx, person_id)


async def birth_known(tx: Tx, person: Person) -> date | None:
    """The birth date, to who may see who the person is: to others a refusal of a date would tell it, day by day."""
    return person.birth_on if await relations.may(tx, "see-identity", person.person_id) else None


async def days_known(tx: Tx, person: Person) -> dict[str, date | None]:
    """The birth date and the day of death, each to who may see it."""
    sees_death = await relations.may(tx, "see-death", person.person_id)
    return {"birth_on": await birth_known(tx, person), "died_on": person.died_on if sees_death else None}


async def lock_person(tx: Tx, person_id: UUID, action: Action) -> Person:
    """The person under a lock, for what the caller's relation opens. Raises NotFound("person")."""
    await relations.must(tx, action, person_id)
    person = await store.lock_person(tx, person_id)
    if person.erased_on is not None:
        raise NotFound("person")
    return person


async def lock_known(tx: Tx, person_id: UUID) -> Person | None:
    """Under the lock that all take first who open, start or withdraw a person's referrals: none of them misses another's.

    None for who was never registered here. Source: contracts section 3.
    """
    return await store.lock_known(tx, person_id)


async def list_persons(tx: Tx, after: UUID, limit: int) -> list[Person]:
    """The persons the caller's organisation registered; those on the page are audited as read."""
    if tx.caller.organisation_id is None:
        return []
    persons = await store.list_persons(tx, tx.caller.organisation_id, after, limit + 1)
    for person in persons[:limit]:
        tx.audit("read-person", person.person_id)
    return persons


async def save_death(tx: Tx, person_id: UUID, on: date | None) -> None:
    """The confirmed day; None: the person lives. What a death stops is `death/service.py`'s. Call with the person locked."""
    await store.save_death(tx, person_id, on)


async def save_death_report(tx: Tx, person_id: UUID, on: date, by: UUID | None) -> None:
    """It waits for a second person. `by` None: another service told. Call with the person locked."""
    await store.save_death_report(tx, person_id, on, by)


async def come_of_age(tx: Tx, person_id: UUID) -> bool:
    """The day of majority; returns whether it came. What ends with it is for the caller to end. Source: mission rows 000-24, 000-25."""
    person = await store.lock_person(tx, person_id)
    if person.birth_on is None or person.life_period == "adult" or person.died_on or person.erased_on:
        return False
    await store.save_life_period(tx, person_id, "adult")
    on = domain.birthday(person.birth_on, settings().majority_age)
    tx.append(person_id, PersonCameOfAge(person_id=person_id, on=on))
    return True


def today(tx: Tx) -> date:
    """The business day on which something is entered."""
    return dates.today(tx.now, settings())


def period_today(tx: Tx, person: Person) -> LifePeriod:
    return person.period_on(today(tx), settings().majority_age)
