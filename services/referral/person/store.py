"""SQL of persons and their categories."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from services.referral.person.domain import Category, CategoryEntry, Person
from shared.database import Record, Tx
from shared.errors import NotFound
from shared.events.referral import LifePeriod

COLUMNS = "person_id, name, birth_on, region, life_period, registered_by, died_on, death_reported_on, death_reported_by, erased_on"
INSERT = """
INSERT INTO person (person_id, name, birth_on, region, life_period, registered_by, registered_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
SAVE_CATEGORIES = """
WITH kept AS (
    INSERT INTO person_category (person_id, code, since, until)
    SELECT DISTINCT ON (code, since) $1::uuid, * FROM unnest($2::text[], $3::date[], $4::date[]) AS c(code, since, until)
    ON CONFLICT (person_id, code, since) DO UPDATE SET until = EXCLUDED.until
    RETURNING code, since, until)
INSERT INTO category_entry (person_id, code, since, until, at, change, organisation_id, said_by)
SELECT $1, code, since, until, $5, 'entered', $6, $7 FROM kept ORDER BY code, since
"""
TAKE_BACK = """
WITH gone AS (DELETE FROM person_category WHERE (person_id, code, since) = ($1, $2, $3) RETURNING until)
INSERT INTO category_entry (person_id, code, since, until, at, change, organisation_id, said_by, reason)
SELECT $1, $2, $3, until, $4, 'entered-in-error', $5, $6, $7 FROM gone RETURNING true
"""
ENTRIES = "SELECT category_entry_id, code, since, until, at, change, organisation_id, reason FROM category_entry WHERE person_id = $1"


async def insert_person(tx: Tx, person: Person) -> None:
    p = person
    await tx.connection.execute(INSERT, p.person_id, p.name, p.birth_on, p.region, p.life_period, p.registered_by, tx.now)


async def save_categories(tx: Tx, person_id: UUID, categories: Iterable[Category]) -> None:
    found = list(categories)
    columns = [c.code for c in found], [c.since for c in found], [c.until for c in found]
    if found:
        await tx.connection.execute(SAVE_CATEGORIES, person_id, *columns, tx.now, tx.caller.organisation_id, tx.caller.sub)


async def take_back_category(tx: Tx, person_id: UUID, code: str, since: date, reason: str) -> bool:
    """Whether the person had it."""
    said = (tx.now, tx.caller.organisation_id, tx.caller.sub, reason)
    return bool(await tx.connection.fetchval(TAKE_BACK, person_id, code, since, *said))


async def list_entries_of(tx: Tx, person_id: UUID, code: str, since: date) -> list[CategoryEntry]:
    """What was said of one category, the newest first."""
    statement = f"{ENTRIES} AND (code, since) = ($2, $3) ORDER BY category_entry_id DESC"
    return [CategoryEntry(**dict(row)) for row in await tx.connection.fetch(statement, person_id, code, since)]


async def list_entries(tx: Tx, person_id: UUID, by: UUID | None, after: UUID, limit: int) -> list[CategoryEntry]:
    """`by` None: by whomever."""
    statement = f"{ENTRIES} AND ($2::uuid IS NULL OR organisation_id = $2) AND category_entry_id > $3 ORDER BY category_entry_id LIMIT $4"
    return [CategoryEntry(**dict(row)) for row in await tx.connection.fetch(statement, person_id, by, after, limit)]


async def find_person(tx: Tx, person_id: UUID) -> Person | None:
    """Without categories."""
    row = await tx.connection.fetchrow(f"SELECT {COLUMNS} FROM person WHERE person_id = $1", person_id)
    return Person(**dict(row)) if row else None


async def lock_known(tx: Tx, person_id: UUID) -> Person | None:
    """The same, locked; None when nobody registered the person."""
    row = await tx.connection.fetchrow(f"SELECT {COLUMNS} FROM person WHERE person_id = $1 FOR NO KEY UPDATE", person_id)
    return Person(**dict(row)) if row else None


async def find_whole(tx: Tx, person_id: UUID) -> Person | None:
    """With categories."""
    row = await tx.connection.fetchrow(f"SELECT {COLUMNS} FROM person WHERE person_id = $1", person_id)
    return (await _with_categories(tx, [row]))[0] if row else None


async def lock_person(tx: Tx, person_id: UUID) -> Person:
    person = await lock_known(tx, person_id)
    if person is None:
        raise NotFound("person")
    return person


async def list_persons(tx: Tx, registered_by: UUID, after: UUID, limit: int) -> list[Person]:
    sought = "registered_by = $1 AND person_id > $2 AND erased_on IS NULL"
    statement = f"SELECT {COLUMNS} FROM person WHERE {sought} ORDER BY person_id LIMIT $3"
    return await _with_categories(tx, await tx.connection.fetch(statement, registered_by, after, limit))


async def _with_categories(tx: Tx, rows: list[Record]) -> list[Person]:
    statement = """
    SELECT person_id, code, since, until FROM person_category WHERE person_id = ANY($1::uuid[]) ORDER BY person_id, since, code
    """
    found = await tx.connection.fetch(statement, [row["person_id"] for row in rows])
    return [Person(**dict(row), categories=_of(row["person_id"], found)) for row in rows]


def _of(person_id: UUID, rows: Iterable[Record]) -> tuple[Category, ...]:
    return tuple(Category(code=r["code"], since=r["since"], until=r["until"]) for r in rows if r["person_id"] == person_id)


async def save_death(tx: Tx, person_id: UUID, on: date | None) -> None:
    """No report waits any more."""
    statement = "UPDATE person SET died_on = $2, death_reported_on = NULL, death_reported_by = NULL WHERE person_id = $1"
    await tx.connection.execute(statement, person_id, on)


async def save_death_report(tx: Tx, person_id: UUID, on: date, by: UUID | None) -> None:
    await tx.connection.execute("UPDATE person SET death_reported_on = $2, death_reported_by = $3 WHERE person_id = $1", person_id, on, by)


async def save_life_period(tx: Tx, person_id: UUID, period: LifePeriod) -> None:
    await tx.connection.execute("UPDATE person SET life_period = $2 WHERE person_id = $1", person_id, period)
