"""What family may be told and asked of persons: who they are as pseudonyms, and which organisations are related to them."""

from datetime import date
from uuid import UUID, uuid4

from services.family.organisation import service as organisations
from services.family.person import store
from services.family.person.domain import ANY, RIGHTS, Action
from shared.database import Record, Tx
from shared.errors import NotFound, NotYetKnown
from shared.events.referral import LifePeriod, ReferralAnswered
from shared.identity import Caller

# Who acts for an organisation; a contact that belongs to one (a teacher) acts for itself alone.
WORKERS = ("liaison", "system", "safeguarding")
# Who else asks whether news of its own has come.
ASKING = ("clinician", "coordinator")
NOBODY = UUID(int=0)


async def register(tx: Tx, person_id: UUID, region: str, life_period: str) -> None:
    await store.save_registered(tx, person_id, region, life_period)


async def come_of_age(tx: Tx, person_id: UUID) -> None:
    """Source: mission rows 000-24, 000-25."""
    await store.save_adult(tx, person_id)


async def die(tx: Tx, person_id: UUID, on: date) -> bool:
    """Whether that is news: neither heard before, nor of an erased person, nor reversed since."""
    row = await store.lock_person(tx, person_id)
    if row["erased_on"] or row["death_seq"] >= _seq(tx):
        return False
    await store.save_death(tx, person_id, on, _seq(tx))
    return row["died_on"] is None


async def revive(tx: Tx, person_id: UUID) -> bool:
    """The death was none. Whether that is news."""
    row = await store.lock_person(tx, person_id)
    if row["erased_on"] or row["death_seq"] >= _seq(tx):
        return False
    await store.save_death(tx, person_id, None, _seq(tx))
    return row["died_on"] is not None


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
    tx.gather(store.relate, (person_id, organisation_id, "registered", person_id, _since(), tx.now, None, None, None))


def relate_acceptor(tx: Tx, accepted: ReferralAnswered) -> None:
    """Who accepted a referral, until it is closed, declined or addressed to another, or its stay has been and another holds the person."""
    about = (accepted.person_id, accepted.organisation_id, "accepted", accepted.referral_id)
    tx.gather(store.relate, (*about, _since(_seq(tx)), tx.now, accepted.journey_id, accepted.stage, accepted.pathway))


def take_up(tx: Tx, referral_id: UUID) -> None:
    """A referral was started: whoever started it is the holder, by the news of the journey."""
    tx.gather(store.save_starts, (referral_id, _seq(tx)))


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
    """Assign a liaison organisation (default: the caller's own, which gains nothing by it).

    Raises as `must_relate` and `must_be_known` do.
    """
    await must_relate(tx, person_id, "assign-liaison", may_retry=True)
    caller = tx.caller
    if organisation_id != caller.organisation_id:
        await organisations.must_be_known(tx, organisation_id)
    tx.gather(store.assign, (person_id, organisation_id or caller.organisation_id, uuid4(), tx.now, caller.sub, caller.organisation_id))


async def remove_liaison(tx: Tx, person_id: UUID, organisation_id: UUID) -> None:
    """End an assignment at once. Raises as `must_relate` does, and NotFound("liaison") where none lasts."""
    await must_relate(tx, person_id, "remove-liaison", may_retry=True)
    if not await store.end_assignment(tx, person_id, organisation_id):
        raise NotFound("liaison")


async def list_liaisons(tx: Tx, person_id: UUID) -> list[Record]:
    """Every assignment, ended ones too, the oldest first. Raises as `must_relate` does."""
    await must_relate(tx, person_id, "remove-liaison")
    tx.audit("read-liaisons", person_id)
    return await store.list_assignments(tx, person_id)


async def must_relate(tx: Tx, person_id: UUID, action: Action, may_retry: bool = False) -> None:
    """The case relation: the caller's organisation, or the person itself, may do this now by the table in domain.py.

    Raises NotFound("person"). With `may_retry` a clinic's own system, whose news may still be on the way, gets NotYetKnown instead:
    for an absent and for a foreign person alike, so it tells nothing. Source: privacy section 1.
    """
    if await may(tx, person_id, action):
        tx.about.add(person_id)
        return
    if may_retry and tx.caller.has("system"):
        raise NotYetKnown("person_id", "referral")
    raise NotFound("person")


async def may(tx: Tx, person_id: UUID, action: Action) -> bool:
    """Whether the caller may do this, as a worker of an organisation or as the person itself."""
    caller, relations = tx.caller, RIGHTS[action]
    if caller.is_process or ("person" in relations and is_person(caller, person_id)):
        return True
    organisation_id = organisation_of(caller)
    return organisation_id is not None and await store.is_related(tx, person_id, organisation_id, relations)


async def relates(tx: Tx, stream_id: UUID) -> bool:
    """Whether the caller has anything to do with this person, or belongs to this organisation; a contact's own is contact's."""
    caller = tx.caller
    if is_person(caller, stream_id) or caller.organisation_id == stream_id:
        return True
    organisation_id = caller.organisation_id if caller.has(*WORKERS, *ASKING) else None
    return organisation_id is not None and await store.is_related(tx, stream_id, organisation_id, ANY)


def is_person(caller: Caller, person_id: UUID) -> bool:
    """A `sub` is a UUID in whatever spelling."""
    return caller.has("person") and caller.own_id == person_id


def organisation_of(caller: Caller) -> UUID | None:
    """Whom the caller acts for in a family; None for a contact, a person, or who has no organisation."""
    return caller.organisation_id if caller.has(*WORKERS) else None


async def lock_living(tx: Tx, person_id: UUID) -> LifePeriod | None:
    """Locks the person and answers the life period (None: not registered here yet). Raises NotFound for one who died or was erased."""
    row = await store.lock_person(tx, person_id)
    if row["died_on"] or row["erased_on"] or row["merged_into"]:
        raise NotFound("person")
    life_period: LifePeriod | None = row["life_period"]
    return life_period


async def lock_of_known_age(tx: Tx, person_id: UUID) -> LifePeriod:
    """As `lock_living`. Raises NotYetKnown too: what a person of unknown age may decide nobody knows."""
    life_period = await lock_living(tx, person_id)
    if life_period is None:
        raise NotYetKnown("person_id", "referral")
    return life_period


async def lock_person(tx: Tx, person_id: UUID) -> None:
    """So that what is done to one person's guardians, permissions and messages follows one after the other."""
    await store.lock_person(tx, person_id)


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
