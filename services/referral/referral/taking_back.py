"""Who changed a referral by mistake takes that back, as if it had never been. What it becomes is `retracting.py`'s."""

from uuid import UUID

from services.referral.person import service as persons
from services.referral.referral import before, correcting, retracting, service, store
from services.referral.referral.domain import Changed, Referral
from services.referral.referral.following import ANSWER_DUE, HANDOVER_DUE, with_limit
from services.referral.referral.retracting import Before
from services.referral.relation import service as relations
from services.referral.transition.domain import DECIDING, OPEN, REQUESTER, TAKEN_BACK, Actor, Reason, Status, check_taking_back
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx
from shared.errors import NotFound, Refused


async def is_asked_for(tx: Tx, referral_id: UUID, to: Status) -> bool:
    """Whether going to this status would take back how the referral stands."""
    return to in TAKEN_BACK.get((await store.get_referral(tx, referral_id)).status, ())


async def take_back(tx: Tx, referral_id: UUID, to: Status, reason: Reason | None) -> Referral:
    """Back to how it stood, by who led it away from there. Raises NotFound for who is no party, Refused.

    An acceptance, or a start that nobody attended, by its target; a cancellation, a failure or a completion by who entered it.
    """
    await persons.lock_known(tx, (await store.get_referral(tx, referral_id)).person_id)
    referral = await store.lock_referral(tx, referral_id)
    stood = await before.find(tx, referral)
    actor = await _party_of(tx, referral, stood)
    is_by_maker = stood is not None and stood.made_by == before.maker(tx) and bool(actor.parties)
    check_taking_back(stood.status if stood else None, to, is_by_maker, reason)
    assert stood is not None, "else it is refused"
    if await before.is_replaced(tx, referral, stood):
        raise Refused("status-not-possible", ("nothing-took-its-place",))
    is_doubted = referral.basis_withdrawn is not None and referral.asked_as is None
    if stood.status == "requested" and (is_doubted or await before.has_no_basis(tx, referral)):
        changed = retracting.without_basis(referral)
    else:
        changed = retracting.taken_back(referral, stood, await store.find_past(tx, referral_id))
    await _save(tx, referral, stood, retracting.written(referral, changed, actor, reason))
    tx.ended_right = not await service.knows_person(tx, changed.referral)
    return changed.referral


async def _party_of(tx: Tx, referral: Referral, stood: Before | None) -> Actor:
    """The holder and the person that cancelled what is not theirs are parties of it by that; who lost the person takes nothing back."""
    organisation_id = before.maker(tx)
    actor = Actor(parties=frozenset(), organisation_id=organisation_id)
    try:
        actor = await service.party_of(tx, referral)
    except NotFound:
        has_decided = stood is not None and stood.made_by == before.maker(tx)
        if not has_decided or not await relations.may(tx, "follow-referral", referral.person_id):
            raise
        if await relations.decides(tx, referral.person_id, referral.pathway, referral.journey_id):
            actor = actor.model_copy(update={"parties": DECIDING})
    if organisation_id is None or actor.parties != REQUESTER:
        return actor
    is_lost = await relations.is_elsewhere(tx, referral.person_id, organisation_id, referral.pathway)
    return actor.model_copy(update={"parties": frozenset()}) if is_lost else actor


async def _save(tx: Tx, referral: Referral, stood: Before, changed: Changed) -> None:
    """With its history, what is told, and the deadlines that ran then."""
    after = changed.referral
    await before.delete(tx, referral)
    await store.save_referral(tx, after)
    await store.insert_history(tx, after.referral_id, changed.entries)
    tx.append(after.person_id, *(with_limit(event) for event in changed.events))
    for kind, is_owed, due_at in (
        (ANSWER_DUE, after.answer_due is not None, stood.answer_due_at),
        (HANDOVER_DUE, after.awaits_start, stood.handover_due_at),
    ):
        if is_owed and due_at is not None:
            await set_deadline(tx, kind, after.referral_id, due_at)
        elif not is_owed:
            await meet_deadline(tx, kind, subject_id=after.referral_id)
    if after.status not in OPEN:
        await correcting.unblock(tx, after)
