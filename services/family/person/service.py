"""What family may be told and asked of persons: who they are as pseudonyms, and which organisations are related to them."""

from collections.abc import Collection
from datetime import date
from uuid import UUID, uuid4

from services.family.person import store
from shared.database import Record, Tx
from shared.errors import Conflict, NotFound
from shared.events.programme import StageStarted

RETRY_AFTER = 1
# Who acts for an organisation; a contact that belongs to one (a teacher) acts for itself alone.
WORKERS = ("liaison", "system", "safeguarding")
# Why an organisation is the family's own. `heard`: from versions that kept no reason.
OWN_REASONS = ("registered", "holder", "heard")
REASONS = (*OWN_REASONS, "accepted", "liaison")
NOBODY = UUID(int=0)


async def register(tx: Tx, person_id: UUID, region: str, life_period: str) -> None:
    await store.save_registered(tx, person_id, region, life_period)


async def come_of_age(tx: Tx, person_id: UUID) -> None:
    """Source: mission rows 000-24, 000-25."""
    await store.save_adult(tx, person_id)


async def die(tx: Tx, person_id: UUID, on: date) -> None:
    await store.save_died(tx, person_id, on)


async def erase(tx: Tx, person_id: UUID, on: date) -> None:
    """A tombstone stays, so that whatever still arrives of this person finds nothing to attach to."""
    await store.save_erased(tx, person_id, on)
    await store.delete_relations(tx, person_id)


async def merge(tx: Tx, person_id: UUID, into_id: UUID) -> UUID:
    """Answers where the person is kept from now on: with `into_id`, or with whom that one was merged into already.

    Merges of a chain come on streams of their own, so in any order; the rows stay locked, so that two at once follow each other.
    """
    into_id = await _lock_last(tx, person_id, into_id)
    if into_id != person_id:
        await store.save_merged(tx, person_id, into_id)
        await store.move_relations(tx, person_id, into_id)
        await store.delete_relations(tx, person_id)
    return into_id


async def _lock_last(tx: Tx, person_id: UUID, into_id: UUID) -> UUID:
    rows = {key: await store.lock_person(tx, key) for key in sorted({person_id, into_id})}
    while (following := rows[into_id]["merged_into"]) and following not in rows:
        into_id = following
        rows[into_id] = await store.lock_person(tx, into_id)
    return person_id if following == person_id else into_id


def relate_registrar(tx: Tx, person_id: UUID, organisation_id: UUID) -> None:
    """Who registered a person keeps the contacts and permissions until the erasure."""
    tx.gather(store.relate, (person_id, organisation_id, "registered", person_id, _since(), tx.now))


def relate_opener(tx: Tx, person_id: UUID, organisation_id: UUID, journey_id: UUID) -> None:
    """Who opened a journey holds it until a first start."""
    tx.gather(store.relate, (person_id, organisation_id, "holder", journey_id, _since(), tx.now))


def relate_holder(tx: Tx, started: StageStarted) -> None:
    """Who started last holds the journey; what another had as holder ends. Source: contracts, Stages."""
    since = _since(started.started_on.toordinal(), started.stage, started.spell)
    tx.gather(store.relate, (started.person_id, started.organisation_id, "holder", started.journey_id, since, tx.now))
    tx.gather(store.end_heard, (started.person_id, started.organisation_id, tx.now))


def relate_acceptor(tx: Tx, person_id: UUID, organisation_id: UUID, referral_id: UUID) -> None:
    """Who accepted a referral, until it is started, closed, declined or addressed to another."""
    tx.gather(store.relate, (person_id, organisation_id, "accepted", referral_id, _since(_seq(tx)), tx.now))


def end_acceptances(tx: Tx, referral_id: UUID, spared_organisation_id: UUID = NOBODY) -> None:
    """What a referral gave before this fact ends, for all but the organisation it is addressed to now."""
    tx.gather(store.save_ends, (referral_id, spared_organisation_id, _seq(tx), tx.now))


def _since(*numbers: int) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _seq(tx: Tx) -> int:
    if tx.cause is None:
        raise ValueError("a relation comes from an event")
    return tx.cause.seq


async def hear_history(tx: Tx, subject_id: UUID) -> None:
    """A journey or referral was brought from the past: nothing told of it leaves by mail."""
    await store.insert_historic(tx, subject_id)


async def assign_liaison(tx: Tx, person_id: UUID, organisation_id: UUID | None) -> None:
    """Assign a liaison organisation (default: the caller's own) to the family. Raises as `must_be_own` does.

    An assigned liaison assigns nobody, and a guessed id opens nothing.
    """
    await must_be_own(tx, person_id, may_retry=True)
    caller = tx.caller
    tx.gather(store.assign, (person_id, organisation_id or caller.organisation_id, uuid4(), tx.now, caller.sub, caller.organisation_id))


async def remove_liaison(tx: Tx, person_id: UUID, organisation_id: UUID) -> None:
    """End an assignment at once. Raises as `must_be_own` does, and NotFound("liaison") where none lasts."""
    await must_be_own(tx, person_id, may_retry=True)
    if not await store.end_assignment(tx, person_id, organisation_id):
        raise NotFound("liaison")


async def list_liaisons(tx: Tx, person_id: UUID) -> list[Record]:
    """Every assignment, ended ones too, the oldest first. Raises as `must_be_own` does."""
    await must_be_own(tx, person_id)
    tx.audit("read-liaisons", person_id)
    return await store.list_assignments(tx, person_id)


async def must_be_assigned(tx: Tx, person_id: UUID, may_retry: bool = False) -> None:
    """The case relation: the caller's organisation has to do with this person for a reason that still holds; or it is the person.

    Raises NotFound("person"). With `may_retry` a clinic's own system, whose news may still be on the way, gets
    Conflict("not-yet-known") instead: for an absent and for a foreign person alike, so it tells nothing. Source: privacy section 1.
    """
    await _must_relate(tx, person_id, REASONS, may_retry)


async def must_be_own(tx: Tx, person_id: UUID, may_retry: bool = False) -> None:
    """The caller's organisation registered the person or holds it now; or it is the person. Raises as `must_be_assigned` does."""
    await _must_relate(tx, person_id, OWN_REASONS, may_retry)


async def _must_relate(tx: Tx, person_id: UUID, reasons: Collection[str], may_retry: bool) -> None:
    caller = tx.caller
    if caller.is_process or (caller.has("person") and caller.sub == str(person_id)):
        return
    if caller.has(*WORKERS) and caller.organisation_id and await store.is_related(tx, person_id, caller.organisation_id, reasons):
        return
    if may_retry and caller.has("system"):
        raise Conflict("not-yet-known", retry_after=RETRY_AFTER)
    raise NotFound("person")


async def lock_living(tx: Tx, person_id: UUID) -> str | None:
    """Locks the person and answers the life period (None: not registered here yet). Raises NotFound for one who died or was erased."""
    row = await store.lock_person(tx, person_id)
    if row["died_on"] or row["erased_on"] or row["merged_into"]:
        raise NotFound("person")
    life_period: str | None = row["life_period"]
    return life_period


async def is_living(tx: Tx, person_id: UUID) -> bool:
    """Neither died nor erased as far as family has heard, of a merged one where they are kept now; takes no lock."""
    row = await store.find_person(tx, person_id)
    if row is not None and row["merged_into"]:
        row = await store.find_person(tx, row["merged_into"])
    return row is None or not (row["died_on"] or row["erased_on"])


async def is_adult(tx: Tx, person_id: UUID) -> bool:
    row = await store.find_person(tx, person_id)
    return row is not None and row["life_period"] == "adult"


async def is_erased(tx: Tx, person_id: UUID) -> bool:
    row = await store.find_person(tx, person_id)
    return row is not None and row["erased_on"] is not None
