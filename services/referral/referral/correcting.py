"""A fact of a journey is corrected: what it did to referrals is undone. What becomes of one is `undoing.py`'s."""

from collections.abc import Collection
from uuid import UUID

from services.referral.journey import service as journeys
from services.referral.journey.domain import Fact
from services.referral.organisation import service as organisations
from services.referral.pathway.domain import Place
from services.referral.person.domain import Person
from services.referral.referral import standing, store, undoing
from services.referral.referral.domain import Changed, Referral
from services.referral.referral.following import ANSWER_DUE, HANDOVER_DUE, apply, recorded_on, with_limit
from services.referral.referral.undoing import UNTAKEN, Kept
from services.referral.transition.domain import OPEN, TAKEN
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx
from shared.events.programme import JourneyCorrected


async def undo(tx: Tx, by: Fact, person: Person | None, asks: bool = True) -> set[Fact]:
    """Referrals stand as if the fact had never been, as far as nobody else decided on them since. Call with the person locked.

    Unless it `asks`, as who corrects does not have the person any more, nobody is asked and nobody has accepted by it.
    Answers which other facts were undone with it, since they had ended what it had opened: they stand and are to be followed again.
    """
    return await undo_kept(tx, await standing.list_kept(tx, by), person, asks)


async def undo_kept(tx: Tx, found: Collection[Kept], person: Person | None, asks: bool = True) -> set[Fact]:
    """The last change first."""
    again: set[Fact] = set()
    for kept in found:
        if kept.status is None:
            ends_in_error = (await store.find_past(tx, kept.referral_id)).accepted_on is None
            for fact in await standing.list_endings(tx, kept.referral_id):
                again |= {fact, *await undo(tx, fact, person, asks or ends_in_error)}
        await _undo(tx, kept, person is not None and person.died_on is not None, asks)
    return again


async def undo_journey(tx: Tx, event: JourneyCorrected, person: Person | None) -> None:
    """The journey never was: nothing that the system or its opener asked stays unanswered, and whatever was accepted for it is in doubt."""
    await undo_kept(tx, await standing.list_kept_of_journey(tx, event.journey_id), person, not event.asks_nobody)
    left = await standing.lock_of_journey(tx, event.person_id, event.journey_id, sorted({*UNTAKEN, *TAKEN}))
    for referral in left:
        if referral.status in TAKEN:
            await _doubt(tx, referral)
        elif referral.asked_as is None or referral.from_organisation_id == event.organisation_id:
            past = await store.find_past(tx, referral.referral_id)
            if past.accepted_on is None or referral.status != "cancelled":
                await apply(tx, referral, undoing.in_error(referral, recorded_on(tx)))


async def _doubt(tx: Tx, referral: Referral) -> None:
    if not referral.is_in_doubt:
        await apply(tx, referral, undoing.doubted(referral, "journey", tx.now))


async def list_offers(tx: Tx, by: Fact) -> list[tuple[Kept, Referral]]:
    """The referrals that the end of a stay opened, or asked for where they were open, as they stand now."""
    found = [kept for kept in await standing.list_kept(tx, by) if kept.status is None or kept.became in OPEN]
    return [(kept, await store.lock_referral(tx, kept.referral_id)) for kept in found]


async def rename(tx: Tx, kept: Kept, referral: Referral, to_organisation_id: UUID | None, person: Person | None) -> bool:
    """The end of the stage named another organisation, or none. Whether that is all: else it is to be undone and asked for anew."""
    if kept.status is not None:
        return kept.became_to == to_organisation_id
    if referral.asked_as is not None or to_organisation_id == referral.to_organisation_id:
        return True
    stopped = await _stopped(tx, referral, is_dead=person is not None and person.died_on is not None)
    seen = stopped or referral
    if seen.status in TAKEN and to_organisation_id is not None and not seen.is_in_doubt:
        changed = undoing.doubted(seen, undoing.BASIS[kept.fact], tx.now)
        await apply(tx, referral, _of_the_dead(referral, changed) if stopped else changed)
    if seen.status == "requested":
        found = to_organisation_id is not None or await organisations.is_qualified(tx, referral.place, referral.region)
        changed = undoing.addressed_at_first(seen, to_organisation_id, found)
        await apply(tx, referral, undoing.stopped_again(referral, changed) if stopped else changed)
        await standing.save_addressee(tx, kept.before_id, to_organisation_id)
    return seen.status != "rejected"


async def _stopped(tx: Tx, referral: Referral, is_dead: bool) -> Referral | None:
    """As it stood before a death that counts; None where none stopped it."""
    status = await standing.find_stopped(tx, referral.referral_id) if is_dead else None
    return referral.model_copy(update={"status": status}) if status else None


async def unblock(tx: Tx, ended: Referral) -> None:
    """What a referral in doubt kept from being open again is open now that it has ended, unless the stay has ended anew."""
    if ended.journey_id is None:
        return
    for kept in await standing.take_blocked(tx, ended.person_id, ended.journey_id, ended.place):
        if kept.fact != "ended" or await journeys.goes_on(tx, kept.journey_id, kept.stage, kept.spell):
            await _undo(tx, kept, is_dead=False, asks=True)


async def doubt_in_the_way(tx: Tx, person_id: UUID, journey_id: UUID, place: Place) -> None:
    """A stay goes on whose own referral another one keeps from being open: whoever asked for that one, its two sides are asked."""
    referral = await store.lock_open(tx, person_id, journey_id, place)
    if referral is not None and referral.basis_withdrawn is None and await standing.is_blocking(tx, referral, journey_id):
        await apply(tx, referral, undoing.doubted(referral, "end-of-stay", tx.now))


async def _undo(tx: Tx, kept: Kept, is_dead: bool, asks: bool) -> None:
    referral = await store.lock_referral(tx, kept.referral_id)
    if kept.status is None and referral.asked_as is None and (other := await standing.pass_on(tx, kept.referral_id)):
        await standing.delete_kept(tx, kept.before_id)
        past = await store.find_past(tx, kept.referral_id)
        await _save(tx, undoing.opened_by(referral, *other, past))
        return
    stopped = await _stopped(tx, referral, is_dead)
    past = await store.find_past(tx, kept.referral_id)
    changed = undoing.undone(stopped or referral, kept, past, tx.now, recorded_on(tx))
    if changed is not None and not asks:
        changed = undoing.asking_nobody(stopped or referral, changed, recorded_on(tx))
    if changed is not None and await _is_in_the_way(tx, referral, changed.referral):
        await standing.save_blocked(tx, kept.before_id)
        return
    await standing.delete_kept(tx, kept.before_id)
    if changed is not None and stopped is not None:
        changed = _of_the_dead(referral, changed)
    if changed is not None:
        await _save(tx, changed)
    await _keep_due(tx, kept, changed.referral if changed else referral)


def _of_the_dead(referral: Referral, changed: Changed) -> Changed:
    """What a death stopped stays stopped; what never was is not opened again when the death is reversed."""
    if changed.referral.status == "entered-in-error":
        return changed._replace(entries=[entry.model_copy(update={"from_status": referral.status}) for entry in changed.entries])
    return Changed(changed.referral.model_copy(update={"status": referral.status}), [], [])


async def _is_in_the_way(tx: Tx, before: Referral, after: Referral) -> bool:
    """Whether another referral is open where this one would be open again."""
    opens = after.status in OPEN and (before.status not in OPEN or before.journey_id != after.journey_id)
    return opens and await standing.is_another_open(tx, after)


async def _save(tx: Tx, changed: Changed) -> None:
    await store.save_referral(tx, changed.referral)
    if changed.entries:
        await store.insert_history(tx, changed.referral.referral_id, changed.entries)
    tx.append(changed.referral.person_id, *(with_limit(event) for event in changed.events))


async def _keep_due(tx: Tx, kept: Kept, referral: Referral) -> None:
    """The deadlines that ran then run again where something is owed again; what is owed no more ends."""
    waits = referral.awaits_start and not (kept.status is None and referral.status == "failed" and referral.asked_as is None)
    for kind, is_owed, due_at in (
        (ANSWER_DUE, referral.answer_due is not None, kept.answer_due_at),
        (HANDOVER_DUE, waits, kept.handover_due_at),
    ):
        if is_owed and due_at is not None:
            await set_deadline(tx, kind, referral.referral_id, due_at)
        elif not is_owed:
            await meet_deadline(tx, kind, subject_id=referral.referral_id)
