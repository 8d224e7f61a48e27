"""What can be asked of referrals. What a journey does to them is `handover/service.py`'s."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from services.referral.journey import service as journeys
from services.referral.journey.domain import Fact
from services.referral.organisation import service as organisations
from services.referral.pathway import service as pathways
from services.referral.pathway.domain import Place, Stages
from services.referral.person import service as persons
from services.referral.referral import answering, before, correcting, domain, following, matching, restating, standing, store, undoing
from services.referral.referral.domain import Changed, Referral
from services.referral.referral.following import follow_up, with_limit
from services.referral.relation import service as relations
from services.referral.transition.domain import DECIDING, OPEN, REQUESTER, SYSTEM, TAKEN, TARGET, Actor, Reason, Status
from services.referral.wish import service as wishes
from services.referral.wish.domain import Wish, check_wish
from shared.clock import set_deadline
from shared.database import Tx
from shared.errors import Conflict, NotFound, NotYetKnown, Refused
from shared.events.pathway import DEFAULT_PATHWAY

ANSWER_DUE, HANDOVER_DUE = following.ANSWER_DUE, following.HANDOVER_DUE
recorded_on, apply = following.recorded_on, following.apply
answer_overdue, handover_overdue = following.answer_overdue, following.handover_overdue
undo, undo_kept, undo_journey = correcting.undo, correcting.undo_kept, correcting.undo_journey
rename, list_offers, doubt_in_the_way = correcting.rename, correcting.list_offers, correcting.doubt_in_the_way


async def refer(tx: Tx, wish: Wish, pathway: str | None) -> Referral:
    """Ask that an organisation take the person, or name it for the request that is already open. Source: mission row 002-06.

    The pathway is the journey's; without a journey, the one named here (None: the default one). Raises NotFound("person") for who has
    no right to refer there, NotYetKnown for a journey, or a stay of who has only accepted, that programme may be about to tell.
    """
    person = await persons.lock_person(tx, wish.person_id, "refer-early")
    known = await journeys.find_stages(tx, wish.journey_id, wish.person_id)
    if wish.journey_id is not None and known is None:  # one of somebody else is none
        raise NotYetKnown("journey_id", "programme")
    stages = known or await pathways.stages_of(tx, pathway or DEFAULT_PATHWAY)
    await relations.must_refer(tx, wish.person_id, stages.pathway, wish.journey_id, may_retry=True)
    replaced = await store.find_status(tx, wish.replaces, wish.person_id) if wish.replaces else None
    circumstances = await wishes.circumstances(tx, wish.at(stages.place(wish.stage)), person, replaced)
    check_wish(wish, circumstances._replace(other_pathway=pathway not in (None, stages.pathway), stage_lacking=stages.lacks(wish.stage)))
    imported = wish.imported or await journeys.is_imported(tx, wish.journey_id)
    filled = {"region": person.region, "imported": imported, "due_on": wishes.answer_due_on(tx, imported)}
    actor = Actor(parties=REQUESTER, organisation_id=wish.from_organisation_id)
    referral = await ask(tx, wish.at(stages.place(wish.stage)).model_copy(update=filled), actor)
    return await _started_before(tx, referral)


async def _started_before(tx: Tx, referral: Referral) -> Referral:
    """The start may have been heard before the referral was made."""
    target = referral.to_organisation_id
    if target is None or referral.status != "requested":
        return referral
    by = await journeys.find_under_way(tx, referral.person_id, referral.journey_id, referral.place, target)
    if by is None:
        return referral
    return await apply(tx, referral, domain.start_at(referral, target, referral.journey_id, tx.now.date()), by)


async def ask(tx: Tx, wish: Wish, actor: Actor) -> Referral:
    """Open a referral, or let the open one for this stage serve the wish: a person has at most one a journey and stage.

    A draft of somebody else gives way. Raises NotYetKnown where the open one is the asker's own stay, which may have ended a moment ago.
    """
    existing = await _lock_told(tx, wish)
    if existing is not None and existing.from_organisation_id != wish.from_organisation_id and await _decides(tx, existing):
        actor = actor.model_copy(update={"parties": actor.parties | DECIDING})
    existing = existing or await _open(tx, wish, actor)
    if existing is None:
        raise Conflict("referral-changing", retry_after=1)
    try:
        changed = matching.meet(existing, wish, actor, tx.now.date())
    except Refused as refused:
        if not matching.is_taken_by(existing, wish.from_organisation_id):
            raise
        raise NotYetKnown("stage", "programme", refused) from refused  # the end of the stay may be on its way
    return await apply(tx, existing, changed)


async def offer(tx: Tx, wish: Wish, by: Fact) -> None:
    """The same for the system, which refuses nothing; a draft of somebody else gives way. Call with the person locked.

    `by`: the fact that asks for it, kept also where the system had opened it for another one before.
    """
    told = await _lock_told(tx, wish, by)
    existing = told or await _open(tx, wish, SYSTEM, by)
    if existing is None:
        return
    changed = matching.serve(existing, wish, recorded_on(tx))
    if changed.referral == told and told.asked_as is None:
        await standing.keep(tx, told, by)
    await apply(tx, existing, changed, by)


async def _lock_told(tx: Tx, wish: Wish, by: Fact | None = None) -> Referral | None:
    """The open referral for the stage; a draft of somebody else that cannot serve the wish was told to nobody, and is withdrawn."""
    existing = await store.lock_open(tx, wish.person_id, wish.journey_id, wish.place)
    if existing is None or existing.status != "draft" or wish.draft or not any(matching.hindrances(existing, wish).values()):
        return existing
    await withdraw(tx, existing, "mistaken-or-duplicate", by)
    return None


async def _open(tx: Tx, wish: Wish, actor: Actor, by: Fact | None = None) -> Referral | None:
    """A new one; when another command was quicker, the one it made."""
    named = wish.to_organisation_id is not None
    place_found = named or await organisations.is_qualified(tx, wish.place, wish.region)
    changed = domain.open_referral(await store.new_id(tx), wish, actor, place_found, tx.now)
    insert = standing.insert_referral(tx, changed.referral, by) if by else store.insert_referral(tx, changed.referral)
    if not await insert:
        return await store.lock_open(tx, wish.person_id, wish.journey_id, wish.place)
    await follow_up(tx, None, changed)
    return changed.referral


async def change_status(tx: Tx, referral_id: UUID, to: Status, reason: Reason | None) -> Referral:
    """One transition by the caller. Raises NotFound for who is no party, Refused for what the table does not allow."""
    if to == "requested" or to not in OPEN:  # what takes the place of another, or waited for its end, is opened with the person locked
        await persons.lock_known(tx, (await store.get_referral(tx, referral_id)).person_id)
    referral = await store.lock_referral(tx, referral_id)
    actor = await answering.able(tx, referral, await party_of(tx, referral))
    if referral.status == "rejected" and to == "requested" and await standing.is_replaced(tx, referral):
        raise Refused("status-not-possible", ("nothing-took-its-place",))
    if referral.status == "draft" and to == "requested":
        # a draft of who has lost the person since stays one
        await relations.must_refer(tx, referral.person_id, referral.pathway, referral.journey_id)
        await wishes.must_be_addressable(tx, Wish(**referral.model_dump(include=set(Wish.model_fields))))
        referral = referral.model_copy(update={"due_on": wishes.answer_due_on(tx, referral.imported)})
    if actor.parties == DECIDING and referral.status != "requested" and await answering.is_under_way(tx, referral):
        raise Refused("status-not-possible", ("stay-ended",))  # its stay goes on; with that the referral ends
    changed = await before.apply(tx, referral, domain.change_status(referral, to, actor, reason, tx.now.date()))
    if referral.basis_withdrawn is not None and changed.status not in OPEN:
        await correcting.unblock(tx, changed)
    await _note_right(tx, changed)
    return await _started_before(tx, changed)


async def _note_right(tx: Tx, changed: Referral) -> None:
    """The answer is given again while the caller sees the person; who does not see it after the command gets the same again."""
    knows = await knows_person(tx, changed)
    tx.ended_right = not knows
    tx.about |= {changed.person_id} if knows else set()


async def go_on(tx: Tx, referral_id: UUID) -> Referral:
    """It goes on though what it was opened for was corrected. Raises NotFound for who does not see the person by it."""
    referral = await store.lock_referral(tx, referral_id)
    actor = await party_of(tx, referral)
    if not await knows_person(tx, referral):
        raise NotFound("referral")
    tx.about.add(referral.person_id)
    return await apply(tx, referral, undoing.go_on(referral, actor))


async def party_of(tx: Tx, referral: Referral) -> Actor:
    """As what the caller changes the referral. Raises NotFound for who is no party of it."""
    organisation_id = tx.caller.organisation_id
    open_to_any = referral.to_organisation_id is None and organisation_id is not None
    may_take = open_to_any and await organisations.is_qualified(tx, referral.place, referral.region, organisation_id)
    parties = domain.parties_of(referral, organisation_id, relations.own_id(tx), may_take)
    is_told = referral.status in OPEN and referral.status != "draft"
    if is_told and (not parties or open_to_any) and await _decides(tx, referral):
        parties |= DECIDING
    if "target" in parties and referral.status == "requested" and organisation_id is not None:
        parties = parties if await answering.may_answer(tx, referral, organisation_id) else parties - TARGET
    if not parties or (parties == REQUESTER and not await relations.may(tx, "follow-referral", referral.person_id)):
        raise NotFound("referral")
    was_taken = referral.status in TAKEN or referral.has_started  # its sender, once it lost the person, takes nothing back
    if parties == REQUESTER and was_taken and organisation_id and relations.own_id(tx) is None:
        parties -= parties if await relations.is_elsewhere(tx, referral.person_id, organisation_id, referral.pathway) else set()
    return Actor(parties=parties, organisation_id=organisation_id)


async def _decides(tx: Tx, referral: Referral) -> bool:
    """Whether the caller is the person itself, or has it now where the referral leads."""
    return await relations.decides(tx, referral.person_id, referral.pathway, referral.journey_id)


async def knows_person(tx: Tx, referral: Referral) -> bool:
    """Whether the caller, a party of the referral or the person itself, sees whom it is about."""
    own, organisation_id = relations.own_id(tx), tx.caller.organisation_id
    if own is not None or organisation_id is None:
        return own == referral.person_id
    relates = await relations.may(tx, "follow-referral", referral.person_id)
    return domain.knows_person(referral, organisation_id, relates) or (relates and await _decides(tx, referral))


async def must_know_person(tx: Tx, referral_id: UUID) -> Referral:
    """The referral, to those parties only that see whom it is about."""
    referral = await store.get_referral(tx, referral_id)
    await party_of(tx, referral)
    if not await knows_person(tx, referral):
        raise NotFound("referral")
    tx.about.add(referral.person_id)
    return referral


async def lock_asked(tx: Tx, referral_id: UUID, organisation_id: UUID | None) -> Referral | None:
    """The referral, as long as the organisation is asked by it or has taken it."""
    referral = await store.lock_referral(tx, referral_id)
    if organisation_id is None or referral.to_organisation_id != organisation_id or referral.status not in {"requested", *TAKEN}:
        return None
    may = answering.works_on if referral.status in TAKEN else answering.may_answer
    return referral if await may(tx, referral, organisation_id) else None


async def get_visible(tx: Tx, referral_id: UUID) -> Referral:
    """A referral as it stands, to its parties and the person; to others it does not exist."""
    referral = await store.get_referral(tx, referral_id)
    if relations.own_id(tx) != referral.person_id or referral.status == "draft":
        await party_of(tx, referral)
    return referral


async def lock_open(tx: Tx, person_id: UUID, journey_id: UUID, place: Place) -> Referral | None:
    return await store.lock_open(tx, person_id, journey_id, place)


async def withdraw_waiting(tx: Tx, person_id: UUID, reason: Reason, by: Fact | None = None) -> None:
    """End, as the system, every referral of the person (only of the journey of which `by` is a fact) that has not begun."""
    journey_id = by.journey_id if by else None
    for referral in await store.lock_all_open(tx, person_id):
        if referral.status != "in-progress" and journey_id in (None, referral.journey_id):
            await withdraw(tx, referral, reason, by)
    await settle(tx, person_id, None, journey_id, by)


async def reopen(tx: Tx, referral_id: UUID, status: Status, due: Mapping[str, datetime | None]) -> None:
    """What a death stopped goes on as it was, with the deadlines that stood. Call with the person locked.

    What somebody ended otherwise meanwhile, such as one entered in error, stays ended.
    """
    referral = await store.lock_referral(tx, referral_id)
    if referral.status not in (status, domain.withdrawn_as(status)):
        return
    if referral.status != status:
        changed = restating.reopen(referral, status, await store.find_past(tx, referral_id))
        await store.save_referral(tx, changed.referral)
        await store.insert_history(tx, referral_id, changed.entries)
        tx.append(referral.person_id, *(with_limit(event) for event in changed.events))
    for kind, due_at in due.items():
        if due_at is not None:
            await set_deadline(tx, kind, referral_id, due_at)


async def settle(tx: Tx, person_id: UUID, place: Place | None, journey_id: UUID | None, by: Fact | None = None) -> Referral | None:
    """Nobody waits any more for those who turned the person down; answers the last of them. None: any stage, any journey."""
    turned_down = [r for r in await store.list_turned_down(tx, person_id) if journey_id in (None, r.journey_id)]
    found = [r for r in turned_down if place is None or (r.pathway, r.stage_code) == (place.pathway, place.code)]
    if found:
        await standing.stop_waiting(tx, [referral.referral_id for referral in found], by)
    return found[-1] if found else None


async def stop_waiting(tx: Tx, person_id: UUID, place: Place, by: Fact) -> Referral | None:
    """The journey needs nobody for this stage; answers the referral by which the person waited, None when it did not."""
    turned_down = await settle(tx, person_id, place, by.journey_id, by)
    referral = await store.lock_open(tx, person_id, by.journey_id, place)
    if referral is None or not await _is_of(tx, referral, by.journey_id):
        return turned_down
    if referral.has_started:
        return None
    await withdraw(tx, referral, "needs-met-otherwise", by)
    return turned_down if referral.status == "draft" else referral


async def _is_of(tx: Tx, referral: Referral, journey_id: UUID) -> bool:
    """Whether it names the journey. If none: whether who sent it or is asked has a part in the journey, or it is open to any."""
    if referral.journey_id is not None or (referral.to_organisation_id is None and referral.status == "requested"):
        return True
    return await journeys.has_part(tx, journey_id, referral.from_organisation_id, referral.to_organisation_id)


async def know_stages(tx: Tx, person_id: UUID, journey_id: UUID, stages: Stages) -> None:
    """The journey was heard of: what named it before is of its pathway. Call with the person locked."""
    await store.correct_stages(tx, person_id, journey_id, stages)


async def give_codes(tx: Tx, stages: Stages) -> None:
    """The pathway was heard of: what was asked for before, by whomever, gets its codes."""
    await store.give_codes(tx, stages)


async def become_imported(tx: Tx, person_id: UUID, journey_id: UUID) -> None:
    """The journey turns out to be history: what was asked for it before sets no deadlines. Source: contracts section 3."""
    for referral in await store.lock_all_open(tx, person_id):
        if referral.journey_id == journey_id:
            await apply(tx, referral, Changed(referral.model_copy(update=domain.IMPORTED), [], []))


async def withdraw(tx: Tx, referral: Referral, reason: Reason, by: Fact | None = None) -> None:
    await apply(tx, referral, domain.withdraw(referral, reason, tx.now.date()), by)
