"""SQL of organisations and their services."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from services.referral.organisation.domain import Confirmation, Filters, Offer, Organisation, Service
from services.referral.pathway.domain import Place, Stages
from shared.database import Record, Tx
from shared.errors import NotFound

SAVE = """
INSERT INTO organisation (organisation_id, name, level, kind, region, changed_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (organisation_id) DO UPDATE
SET name = EXCLUDED.name, level = EXCLUDED.level, kind = EXCLUDED.kind, region = EXCLUDED.region, changed_at = EXCLUDED.changed_at
"""
DROP_SERVICES = """
DELETE FROM offered_service
WHERE organisation_id = $1 AND (pathway, stage_code, programme) NOT IN (SELECT * FROM unnest($2::text[], $3::text[], $4::text[]))
"""
SAVE_SERVICES = """
INSERT INTO offered_service (organisation_id, pathway, stage_code, programme, stage, setting, status, places_free, places_as_of)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::text[], $8::int[], $9::date[])
ON CONFLICT (organisation_id, pathway, stage_code, programme) DO UPDATE
SET stage = EXCLUDED.stage, setting = EXCLUDED.setting, status = EXCLUDED.status,
    places_free = EXCLUDED.places_free, places_as_of = EXCLUDED.places_as_of
"""
SAVE_PLACES = """
UPDATE offered_service SET places_free = $5, places_as_of = $6
WHERE organisation_id = $1 AND pathway = $2 AND stage = $3 AND ($4::text IS NULL OR programme = $4)
    AND (places_as_of IS NULL OR places_as_of <= $6)
"""
# What a command holds at this moment is left to the next journey of the pathway: nobody waits here with the persons of a batch locked.
GIVE_CODES = """
UPDATE offered_service SET stage_code = ($2::text[])[stage]
WHERE (organisation_id, pathway, stage_code, programme) IN (
    SELECT organisation_id, pathway, stage_code, programme FROM offered_service s
    WHERE pathway = $1 AND stage_code = 'stage-' || stage::text AND stage_code <> ($2::text[])[stage] AND NOT EXISTS (
        SELECT FROM offered_service o WHERE o.organisation_id = s.organisation_id AND o.pathway = $1
            AND o.stage_code = ($2::text[])[s.stage] AND o.programme = s.programme)
    FOR UPDATE SKIP LOCKED)
"""
GIVE_CODES_TO_CONFIRMED = """
UPDATE confirmed_stage SET stage_code = ($2::text[])[stage]
WHERE (organisation_id, pathway, stage_code) IN (
    SELECT organisation_id, pathway, stage_code FROM confirmed_stage s
    WHERE pathway = $1 AND stage_code = 'stage-' || stage::text AND stage_code <> ($2::text[])[stage] AND NOT EXISTS (
        SELECT FROM confirmed_stage o
        WHERE o.organisation_id = s.organisation_id AND o.pathway = $1 AND o.stage_code = ($2::text[])[s.stage])
    FOR UPDATE SKIP LOCKED)
"""
SAVE_CONFIRMATION = """
UPDATE organisation SET is_confirmed = $2, confirmed_level = $3, confirmed_kind = $4, confirmed_region = $5, confirmation_changed_at = $6
WHERE organisation_id = $1
"""
SAVE_CONFIRMED_STAGES = """
INSERT INTO confirmed_stage (organisation_id, pathway, stage, stage_code)
SELECT $1, * FROM unnest($2::text[], $3::smallint[], $4::text[]) ON CONFLICT DO NOTHING
"""
COLUMNS = """
o.organisation_id, o.name, o.level, o.kind, o.region, o.position_confirmed_on, o.is_confirmed AS confirmed,
o.confirmed_level, o.confirmed_kind, o.confirmed_region
"""
LIST = f"""
SELECT {COLUMNS}
FROM organisation o JOIN region r ON r.code = coalesce(o.confirmed_region, o.region)
WHERE o.organisation_id > $1
    AND ($2::text IS NULL OR EXISTS (
        SELECT FROM offered_service s WHERE s.organisation_id = o.organisation_id AND s.pathway = $2
            AND ($3::text IS NULL OR s.stage_code = $3) AND s.status = 'active'))
    AND ($4::text IS NULL OR $4 IN (r.code, r.parent_code, r.within) OR EXISTS (SELECT FROM region WHERE code = $4 AND kind = 'state'))
    AND ($5::text IS NULL OR coalesce(o.confirmed_kind, o.kind) = $5)
    AND (NOT $6 OR o.position_confirmed_on IS NOT NULL)
    AND ($7::boolean IS NULL OR o.is_confirmed = $7)
ORDER BY o.organisation_id LIMIT $8
"""
# Unconfirmed, or entered since as something that was not confirmed. `$2` null: of all regions.
LIST_WAITING = f"""
SELECT {COLUMNS} FROM organisation o
WHERE o.organisation_id > $1
    AND ($2::text[] IS NULL OR EXISTS (
        SELECT FROM unnest($2::text[]) AS own WHERE o.region = own OR starts_with(o.region, own || '-')))
    AND (NOT o.is_confirmed OR (o.level, o.kind, o.region) IS DISTINCT FROM (o.confirmed_level, o.confirmed_kind, o.confirmed_region)
        OR EXISTS (SELECT FROM offered_service s WHERE s.organisation_id = o.organisation_id AND s.status = 'active' AND NOT EXISTS (
            SELECT FROM confirmed_stage c
            WHERE c.organisation_id = o.organisation_id AND c.pathway = s.pathway AND c.stage_code = s.stage_code)))
ORDER BY o.organisation_id LIMIT $3
"""
QUALIFIED = """
SELECT EXISTS (
    SELECT FROM qualified q
    WHERE q.pathway = $1 AND q.stage_code = $2 AND ($4::uuid IS NULL OR q.organisation_id = $4) AND (NOT $5 OR q.position_confirmed)
        AND (q.within IS NULL OR q.within = (SELECT within FROM region WHERE code = $3)))
"""


async def save_organisation(tx: Tx, organisation: Organisation) -> None:
    o = organisation
    await tx.connection.execute(SAVE, o.organisation_id, o.name, o.level, o.kind, o.region, tx.now)


async def save_services(tx: Tx, organisation: Organisation) -> None:
    services = organisation.services
    key = ([s.pathway for s in services], [s.stage_code for s in services], [s.programme for s in services])
    await tx.connection.execute(DROP_SERVICES, organisation.organisation_id, *key)
    others = ([s.stage for s in services], [s.setting for s in services], [s.status for s in services])
    places = ([s.places_free for s in services], [s.places_as_of for s in services])
    await tx.connection.execute(SAVE_SERVICES, organisation.organisation_id, *key, *others, *places)


async def give_codes(tx: Tx, stages: Stages) -> None:
    """Services of the pathway that have a stand-in for their code get the real one."""
    await tx.connection.execute(GIVE_CODES, stages.pathway, list(stages.codes))


async def give_codes_to_confirmed(tx: Tx, stages: Stages) -> None:
    """The same for the stages it was confirmed for."""
    await tx.connection.execute(GIVE_CODES_TO_CONFIRMED, stages.pathway, list(stages.codes))


async def save_confirmation(tx: Tx, organisation: Organisation) -> None:
    """Whether it is confirmed, and as what."""
    c = organisation.confirmation
    said = (c.level, c.kind, c.region) if c else (None, None, None)
    await tx.connection.execute(SAVE_CONFIRMATION, organisation.organisation_id, organisation.confirmed, *said, tx.now)


async def delete_confirmed_stages(tx: Tx, organisation_id: UUID) -> None:
    await tx.connection.execute("DELETE FROM confirmed_stage WHERE organisation_id = $1", organisation_id)


async def insert_confirmed_stages(tx: Tx, organisation_id: UUID, stages: Iterable[Place]) -> None:
    columns = zip(*stages, strict=True)
    await tx.connection.execute(SAVE_CONFIRMED_STAGES, organisation_id, *([list(column) for column in columns] or [[], [], []]))


async def save_places(tx: Tx, organisation_id: UUID, offer: Offer, free: int, as_of: date) -> None:
    """What is known as of a later day stays."""
    await tx.connection.execute(SAVE_PLACES, organisation_id, *offer, free, as_of)


async def save_position(tx: Tx, organisation_id: UUID, confirmed_on: date) -> None:
    statement = "UPDATE organisation SET position_confirmed_on = $2, changed_at = $3 WHERE organisation_id = $1"
    await tx.connection.execute(statement, organisation_id, confirmed_on, tx.now)


async def lock_organisation(tx: Tx, organisation_id: UUID) -> None:
    statement = "SELECT organisation_id FROM organisation WHERE organisation_id = $1 FOR NO KEY UPDATE"
    if await tx.connection.fetchval(statement, organisation_id) is None:
        raise NotFound("organisation")


async def find_organisation(tx: Tx, organisation_id: UUID) -> Organisation | None:
    row = await tx.connection.fetchrow(f"SELECT {COLUMNS} FROM organisation o WHERE organisation_id = $1", organisation_id)
    return (await _whole(tx, [row]))[0] if row else None


async def list_organisations(tx: Tx, after: UUID, sought: Filters, limit: int) -> list[Organisation]:
    return await _whole(tx, await tx.connection.fetch(LIST, after, *sought, limit))


async def list_waiting(tx: Tx, after: UUID, regions: Sequence[str] | None, limit: int) -> list[Organisation]:
    """`regions`: those entered in one of these or below; None: all."""
    return await _whole(tx, await tx.connection.fetch(LIST_WAITING, after, regions, limit))


async def _whole(tx: Tx, rows: list[Record]) -> list[Organisation]:
    """With services and confirmed stages."""
    ids = [row["organisation_id"] for row in rows]
    services, confirmed = await _list_services(tx, ids), await _list_confirmed_stages(tx, ids)
    return [_organisation(row, services, confirmed) for row in rows]


async def _list_services(tx: Tx, organisation_ids: Sequence[UUID]) -> list[Record]:
    statement = """
    SELECT organisation_id, pathway, stage, stage_code, programme, setting, status, places_free, places_as_of
    FROM offered_service WHERE organisation_id = ANY($1::uuid[]) ORDER BY organisation_id, pathway, stage, programme
    """
    return await tx.connection.fetch(statement, organisation_ids)


async def _list_confirmed_stages(tx: Tx, organisation_ids: Sequence[UUID]) -> list[Record]:
    statement = """
    SELECT organisation_id, pathway, stage, stage_code
    FROM confirmed_stage WHERE organisation_id = ANY($1::uuid[]) ORDER BY organisation_id, pathway, stage, stage_code
    """
    return await tx.connection.fetch(statement, organisation_ids)


def _organisation(row: Record, services: Iterable[Record], confirmed: Iterable[Record]) -> Organisation:
    entry, organisation_id = dict(row), row["organisation_id"]
    said = {name: entry.pop(f"confirmed_{name}") for name in ("level", "kind", "region")}
    places = tuple(Place(c["pathway"], c["stage"], c["stage_code"]) for c in confirmed if c["organisation_id"] == organisation_id)
    return Organisation(
        **entry,
        services=tuple(Service.model_validate(dict(s)) for s in services if s["organisation_id"] == organisation_id),
        confirmation=Confirmation(**said, stages=places) if said["kind"] else None,
    )


async def is_confirmed_for(tx: Tx, organisation_id: UUID, place: Place) -> bool:
    statement = "SELECT EXISTS (SELECT FROM confirmed_for WHERE organisation_id = $1 AND pathway = $2 AND stage_code = $3)"
    answer: bool = await tx.connection.fetchval(statement, organisation_id, place.pathway, place.code)
    return answer


async def is_qualified(tx: Tx, place: Place, region: str | None, organisation_id: UUID | None, with_position: bool) -> bool:
    """Whether this organisation (None: any) could take a person of `region` for the stage now."""
    answer: bool = await tx.connection.fetchval(QUALIFIED, place.pathway, place.code, region, organisation_id, with_position)
    return answer
