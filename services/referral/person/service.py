"""What can be asked about persons. Who has no case relation to a person is told that there is none."""

from datetime import date
from uuid import UUID

from services.referral.person import domain, store
from services.referral.person.domain import Category, Person
from services.referral.region import service as regions
from services.referral.settings import settings
from shared.clock import set_deadline
from shared.database import Tx
from shared.errors import NotFound
from shared.events.referral import LifePeriod, PersonCameOfAge, PersonDied, PersonRegistered
from shared.working_days import end_of

CAME_OF_AGE = "came-of-age"


def own_id(tx: Tx) -> UUID | None:
    """The person a caller is: a token with the role person has the person's id as its subject."""
    try:
        return UUID(tx.caller.sub) if tx.caller.has("person") and tx.caller.level == "micro" else None
    except ValueError:
        return None


async def register(tx: Tx, person: Person) -> None:
    """A new person under a pseudonym that tells nothing. Source: mission rows 000-24, 001-03, 001-04."""
    today = tx.now.date()
    domain.check_registration(person.birth_on, person.categories, await regions.is_known(tx, person.region), regions.latest_day(tx))
    period = person.period_on(today, settings().majority_age)
    await store.insert_person(tx, person.model_copy(update={"life_period": period}))
    await store.save_categories(tx, person.person_id, person.categories)
    if person.birth_on is not None and period == "minor":
        day_before = domain.birthday(person.birth_on, settings().majority_age).toordinal() - 1
        await set_deadline(tx, CAME_OF_AGE, person.person_id, end_of(date.fromordinal(day_before)))
    registered = {"region": person.region, "life_period": period, "organisation_id": person.registered_by}
    tx.append(person.person_id, PersonRegistered.model_validate({"person_id": person.person_id, **registered}))


async def add_category(tx: Tx, person_id: UUID, category: Category) -> None:
    """Add a category or end one that began on the same day. Source: mission row 001-04."""
    await must_relate(tx, person_id)
    await store.lock_person(tx, person_id)
    domain.check_category(category)
    await store.save_categories(tx, person_id, [category])


async def must_relate(tx: Tx, person_id: UUID) -> None:
    """The case relation: raises NotFound("person") without one. Source: privacy section 1."""
    organisation_id = tx.caller.organisation_id
    if tx.caller.is_process or own_id(tx) == person_id:
        return
    if organisation_id is None or own_id(tx) is not None or not await store.has_relation(tx, person_id, organisation_id):
        raise NotFound("person")


async def get_person(tx: Tx, person_id: UUID) -> Person:
    """With categories."""
    person = await store.find_whole(tx, person_id)
    if person is None or person.erased_on is not None:
        raise NotFound("person")
    return person


async def find_person(tx: Tx, person_id: UUID) -> Person | None:
    """Without categories: all that a referral needs."""
    return await store.find_person(tx, person_id)


async def lock_person(tx: Tx, person_id: UUID) -> Person:
    """The person under a lock, the case relation checked."""
    await must_relate(tx, person_id)
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


async def record_death(tx: Tx, person_id: UUID, on: date) -> bool:
    """Answers whether this was news; the same day again is none."""
    person = await lock_person(tx, person_id)
    domain.check_death(person, on, regions.latest_day(tx))
    if person.died_on == on:
        return False
    await store.save_death(tx, person_id, on)
    tx.append(person_id, PersonDied(person_id=person_id, on=on))
    return True


async def come_of_age(tx: Tx, person_id: UUID) -> None:
    """The day of majority: guardian permissions end elsewhere. Source: mission rows 000-24, 000-25."""
    person = await store.lock_person(tx, person_id)
    if person.birth_on is None or person.life_period == "adult" or person.died_on or person.erased_on:
        return
    await store.save_life_period(tx, person_id, "adult")
    on = domain.birthday(person.birth_on, settings().majority_age)
    tx.append(person_id, PersonCameOfAge(person_id=person_id, on=on))


def period_today(tx: Tx, person: Person) -> LifePeriod:
    return person.period_on(tx.now.date(), settings().majority_age)
