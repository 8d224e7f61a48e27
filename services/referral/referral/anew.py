"""A referral in doubt was given up: whom the end of the stay names by now is asked. What a correction undoes is `correcting.py`'s."""

from uuid import UUID

from services.referral.journey import service as journeys
from services.referral.journey.domain import Fact, Spell
from services.referral.organisation import service as organisations
from services.referral.person import service as persons
from services.referral.referral import service, standing, taking_back
from services.referral.referral.domain import Referral
from services.referral.relation import service as relations
from services.referral.transition.domain import Reason, Status
from services.referral.wish import service as wishes
from services.referral.wish.domain import Wish
from shared.database import Tx

GIVEN_UP: frozenset[Status] = frozenset({"cancelled", "failed", "entered-in-error"})


async def change_status(tx: Tx, referral_id: UUID, to: Status, reason: Reason | None) -> Referral:
    """As `service.change_status`, or what takes back a mistake. While it was accepted nobody else could be asked for the stage.

    Raises NotFound, Refused.
    """
    is_taken_back = await taking_back.is_asked_for(tx, referral_id, to)
    change = taking_back.take_back if is_taken_back else service.change_status
    referral = await change(tx, referral_id, to, reason)
    if referral.basis_withdrawn is not None and referral.status in GIVEN_UP and not referral.has_started:
        await _ask_the_right_one(tx, referral)
    return referral


async def _ask_the_right_one(tx: Tx, ended: Referral) -> None:
    """The newest end of a stay that stands, leads to the stage and names somebody else. Nobody is asked for the dead."""
    person = await persons.find_person(tx, ended.person_id)
    if ended.journey_id is None or person is None or person.died_on or await journeys.is_completed(tx, ended.journey_id):
        return
    for by in await standing.list_ends(tx, ended.referral_id):
        spell = await _leading(tx, by, ended)
        to = spell.next_organisation_id if spell else None
        if spell and await relations.is_elsewhere(tx, ended.person_id, spell.organisation_id, ended.pathway):
            return
        if spell and to and to != ended.to_organisation_id and await organisations.receives(tx, to, ended.place):
            await service.offer(tx, _wish(tx, ended, spell, to), by)
            return


async def _leading(tx: Tx, by: Fact, ended: Referral) -> Spell | None:
    """The stay of this end, where it is one that leads to the referral's stage now."""
    stages = await journeys.get_stages(tx, by.journey_id, ended.person_id)
    now = await journeys.outline(tx, by.journey_id, stages)
    spell = now.find(by.stage, by.spell)
    if spell is None or spell.ended not in ("completed", "transferred"):
        return None
    leads = spell.stage if spell.ended == "transferred" else now.following(spell.stage, spell.spell)
    return spell if leads == ended.stage else None


def _wish(tx: Tx, ended: Referral, spell: Spell, to: UUID) -> Wish:
    asked = Wish(**ended.model_dump(include=set(Wish.model_fields)))
    origin = "organisation" if spell.ended == "transferred" else "completion"
    sent = {"from_organisation_id": spell.organisation_id, "to_organisation_id": to, "origin": origin, "source": "3", "replaces": None}
    return asked.model_copy(update=sent | {"due_on": wishes.answer_due_on(tx, ended.imported)})
