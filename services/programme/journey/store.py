"""All SQL about journeys and who is a party to them."""

from collections.abc import Collection
from uuid import UUID

from services.programme.journey.domain import Acceptance, Found, Journey, Subject
from services.programme.pathway import service as pathways
from shared.database import Record, Tx
from shared.errors import NotFound
from shared.events.referral import ReferralAnswered

NO_REFERRAL = "'00000000-0000-0000-0000-000000000000'"
ACCEPTED = "accepted_for(j.person_id, j.journey_id, $2)"
IS_LOST = "lost_to_another(j.person_id, j.pathway, j.journey_id, j.state)"
# Most persons have one journey, and most callers accepted nothing for it: then nobody looks any further.
FIND = f"""
SELECT j.state, w.pathway_id, o.kind, o.confirmed, p.organisation_id AS registered_by, p.died_on, p.death_reversed,
    CASE WHEN EXISTS (SELECT FROM party WHERE organisation_id = $2 AND journey_id = j.journey_id AND referral_id <> {NO_REFERRAL})
        THEN {ACCEPTED} ELSE '{{}}' END AS accepted,
    CASE WHEN EXISTS (SELECT FROM journey WHERE person_id = j.person_id AND journey_id <> j.journey_id)
        THEN {IS_LOST} ELSE false END AS is_lost,
    EXISTS (SELECT FROM weekly_record r WHERE r.journey_id = j.journey_id) AS keeps_weeks
FROM journey j
JOIN pathway w ON w.code = j.pathway AND w.version = j.version
LEFT JOIN organisation o ON o.organisation_id = $3
LEFT JOIN person p ON p.person_id = j.person_id
WHERE j.journey_id = $1 AND NOT j.erased
"""
LOCK = FIND + "FOR NO KEY UPDATE OF j"

SAVE = (
    "UPDATE journey SET status = $2, state = $3::jsonb WHERE journey_id = $1",
    """
INSERT INTO party (organisation_id, journey_id)
SELECT organisation_id, $1 FROM unnest($4::uuid[]) AS o(organisation_id) ON CONFLICT DO NOTHING
""",
)

INSERT = f"""
WITH inserted AS (
    INSERT INTO journey (journey_id, person_id, pathway, version, status, state) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
)
INSERT INTO party (organisation_id, journey_id, referral_id, stage, by_sender)
SELECT $7::uuid, $1, {NO_REFERRAL}, NULL, false WHERE $7::uuid IS NOT NULL UNION ALL
SELECT organisation_id, $1, referral_id, stage, by_sender FROM accepted_referral WHERE person_id = $2 AND coalesce(pathway, $3) = $3
"""

OPENER = "CASE WHEN (j.state ->> 'by_acceptance')::boolean THEN NULL ELSE j.state ->> 'opened_by' END"
HAS_PART = f"""
$2::text IN (SELECT {OPENER} UNION ALL SELECT s ->> 'organisation_id' FROM jsonb_array_elements(j.state -> 'spells') s)
"""
LIST = f"""
SELECT j.state, w.pathway_id, a.accepted, {IS_LOST} AS is_lost
FROM (SELECT DISTINCT journey_id FROM party WHERE organisation_id = $2 AND journey_id > $1) AS own
JOIN journey j USING (journey_id)
JOIN pathway w ON w.code = j.pathway AND w.version = j.version
CROSS JOIN LATERAL (SELECT {ACCEPTED} AS accepted) AS a
WHERE NOT j.erased AND (a.accepted <> '{{}}' OR {HAS_PART})
    AND CASE coalesce($3::text, '') WHEN '' THEN j.status <> 'entered-in-error' WHEN 'entered-in-error' THEN j.status = $3
        ELSE j.status = $3 AND (a.accepted <> '{{}}' OR ($2::text = (holding_of(j.state)).organisation_id AND NOT {IS_LOST})) END
ORDER BY j.journey_id LIMIT $4
"""
OF_PERSON = f"""
SELECT j.state, {IS_LOST} AS is_lost FROM journey j WHERE j.person_id = $1 AND NOT j.erased AND j.status <> 'entered-in-error'
"""
ADMIT = """
INSERT INTO party (referral_id, journey_id, organisation_id, stage, by_sender) SELECT $1, $2, $3, $5, $6
WHERE NOT EXISTS (SELECT FROM journey WHERE journey_id = $2 AND person_id <> $4)
    AND NOT EXISTS (SELECT FROM person WHERE person_id = $4 AND merged_into_id IS NOT NULL)
ON CONFLICT DO NOTHING
"""
KEEP_ACCEPTED = """
INSERT INTO accepted_referral (referral_id, person_id, organisation_id, stage, pathway, by_sender) SELECT $1, $2, $3, $4, $5, $6
WHERE NOT EXISTS (SELECT FROM person WHERE person_id = $2 AND merged_into_id IS NOT NULL) ON CONFLICT DO NOTHING
"""
HAS_ACCEPTED = """
SELECT EXISTS (
    SELECT FROM accepted_referral a
    WHERE person_id = $1 AND organisation_id = $2 AND coalesce(pathway, $3) = $3 AND NOT by_sender AND NOT EXISTS (
        SELECT FROM journey j CROSS JOIN LATERAL jsonb_array_elements(j.state -> 'spells') s
        WHERE j.person_id = $1 AND s -> 'accepted' ? a.referral_id::text)
) AND NOT EXISTS (SELECT FROM organisation WHERE organisation_id = $2 AND NOT confirmed)
"""
KEEP_PARTIES = f"DELETE FROM party WHERE journey_id = $1 AND referral_id = {NO_REFERRAL} AND organisation_id <> ALL($2::uuid[])"
REMOVE = tuple(
    f"DELETE FROM {table} WHERE referral_id = $1 AND organisation_id IS DISTINCT FROM $2::uuid" for table in ("accepted_referral", "party")
)
ADMIT_TO_ALL = """
INSERT INTO party (referral_id, journey_id, organisation_id, stage, by_sender)
SELECT referral_id, journey_id, $3, $4, $6 FROM accepted_referral JOIN journey USING (person_id)
WHERE referral_id = $1 AND person_id = $2 AND status = 'open' AND journey.pathway = $5 ON CONFLICT DO NOTHING
"""
ERASE = "UPDATE journey SET erased = true, state = jsonb_set(state, '{corrections}', '[]') WHERE person_id = $1 AND NOT erased"
FORGET = (
    "DELETE FROM accepted_referral WHERE person_id = $1",
    f"DELETE FROM party USING journey WHERE party.journey_id = journey.journey_id AND person_id = $1 AND referral_id <> {NO_REFERRAL}",
)


async def lock_journey(tx: Tx, journey_id: UUID, organisation_id: UUID | None = None) -> Found:
    """Raises NotFound for an absent journey or one of an erased person."""
    return await _found(tx, await tx.connection.fetchrow(LOCK, journey_id, tx.caller.organisation_id, organisation_id))


async def get_journey(tx: Tx, journey_id: UUID) -> Found:
    """Without a lock; raises NotFound."""
    return await _found(tx, await tx.connection.fetchrow(FIND, journey_id, tx.caller.organisation_id, None))


async def _found(tx: Tx, row: Record | None) -> Found:
    if row is None:
        raise NotFound("journey")
    person = Subject(row["registered_by"], row["died_on"], bool(row["death_reversed"]))
    pathway = await pathways.of_journey(tx, row["pathway_id"])
    return Found(_journey(row), pathway, _accepted(row), person, row["kind"], row["confirmed"] is not False, row["keeps_weeks"])


def _journey(row: Record) -> Journey:
    return Journey.model_validate_json(row["state"]).model_copy(update={"is_lost": row["is_lost"]})


def written(journey: Journey) -> str:
    """What is not known is left out: it is most of a stay."""
    return journey.model_dump_json(exclude_none=True)


def _accepted(row: Record) -> tuple[Acceptance, ...]:
    said = (text.split("/") for text in row["accepted"])
    return tuple(Acceptance(UUID(referral_id), int(stage)) for referral_id, stage in said)


async def save_journey(tx: Tx, journey: Journey, *parties: UUID | None) -> None:
    """Writes the state; `parties` have a stay in the journey now."""
    named = sorted({party for party in parties if party})
    await tx.save(SAVE, journey.journey_id, journey.status, written(journey), named)


async def keep_parties(tx: Tx, journey_id: UUID, organisations: Collection[UUID]) -> None:
    """No others opened it or had a stay in it."""
    await tx.connection.execute(KEEP_PARTIES, journey_id, list(organisations))


async def insert_journey(tx: Tx, journey: Journey) -> None:
    """Its parties: the opener, unless it opens by an acceptance, and who accepted a referral on the pathway that named no journey."""
    await tx.connection.execute(
        INSERT,
        journey.journey_id,
        journey.person_id,
        journey.pathway,
        journey.version,
        journey.status,
        written(journey),
        None if journey.by_acceptance else journey.opened_by,
    )


async def list_journeys(tx: Tx, organisation_id: UUID, status: str | None, after: UUID, limit: int) -> list[Found]:
    """Those the organisation is a party to, by id, without persons; by status only those it holds or accepted."""
    rows = await tx.connection.fetch(LIST, after, organisation_id, status, limit)
    return [Found(_journey(row), await pathways.of_journey(tx, row["pathway_id"]), _accepted(row)) for row in rows]


async def list_of_person(tx: Tx, person_id: UUID) -> list[Journey]:
    """Call with the person's row locked: then nobody opens another meanwhile."""
    return [_journey(row) for row in await tx.connection.fetch(OF_PERSON, person_id)]


async def has_accepted(tx: Tx, person_id: UUID, organisation_id: UUID, pathway: str) -> bool:
    """Whether it accepted a referral of the person on the pathway that names no journey, is still open and was used for no start yet."""
    return bool(await tx.connection.fetchval(HAS_ACCEPTED, person_id, organisation_id, pathway))


async def list_accepted_stages(tx: Tx, journey_id: UUID) -> list[int]:
    """A start uses up an acceptance, whether or not the end of its referral was heard."""
    statement = f"""
    SELECT DISTINCT p.stage FROM party p JOIN journey j USING (journey_id)
    WHERE journey_id = $1 AND referral_id <> {NO_REFERRAL} AND p.stage IS NOT NULL AND NOT by_sender AND NOT EXISTS (
        SELECT FROM journey o CROSS JOIN jsonb_array_elements(o.state -> 'spells') s
        WHERE o.person_id = j.person_id AND s -> 'accepted' ? p.referral_id::text)
    """
    return [row["stage"] for row in await tx.connection.fetch(statement, journey_id)]


async def list_ids_of_person(tx: Tx, person_id: UUID) -> list[UUID]:
    """In the order in which they are locked."""
    rows = await tx.connection.fetch("SELECT journey_id FROM journey WHERE person_id = $1 AND NOT erased ORDER BY journey_id", person_id)
    return [row["journey_id"] for row in rows]


async def insert_party(tx: Tx, event: ReferralAnswered) -> None:
    """Who accepted a referral for this journey; nobody for a journey of somebody else than the referral's person."""
    given = (event.referral_id, event.journey_id, event.organisation_id, event.person_id, event.stage, event.by_sender)
    await tx.connection.execute(ADMIT, *given)


async def insert_party_of_person(tx: Tx, event: ReferralAnswered) -> None:
    """Who accepted a referral that names no journey: for the open ones on its pathway and those still to come.

    Call with the person's row locked.
    """
    given = (event.referral_id, event.person_id, event.organisation_id, event.stage, event.pathway, event.by_sender)
    await tx.connection.execute(KEEP_ACCEPTED, *given)
    await tx.connection.execute(ADMIT_TO_ALL, *given)


async def remove_parties(tx: Tx, referral_id: UUID, but: UUID | None = None) -> None:
    """What this referral gave to any organisation except `but`; openers and stays keep theirs."""
    for statement in REMOVE:
        await tx.connection.execute(statement, referral_id, but)


async def remove_parties_of_person(tx: Tx, person_id: UUID) -> None:
    """What any referral of the person gave."""
    for statement in FORGET:
        await tx.connection.execute(statement, person_id)


async def save_erasure(tx: Tx, person_id: UUID) -> None:
    """Journeys of an erased person answer like absent ones; what people wrote is deleted, the pseudonymous facts stay."""
    await tx.connection.execute(
        "DELETE FROM functioning WHERE journey_id IN (SELECT journey_id FROM journey WHERE person_id = $1)", person_id
    )
    await tx.connection.execute(ERASE, person_id)
