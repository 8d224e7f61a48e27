"""Who may answer a referral or work on by it, beside what the table of transitions says."""

from uuid import UUID

from services.referral.journey import service as journeys
from services.referral.organisation import service as organisations
from services.referral.referral.domain import Referral
from services.referral.relation import service as relations
from services.referral.transition.domain import TAKEN, TARGET, Actor
from shared.database import Tx
from shared.errors import NotFound


async def may_answer(tx: Tx, referral: Referral, organisation_id: UUID) -> bool:
    """Whether an organisation that is asked by name, or sent what is open to any, may answer.

    What it sent itself it answers as the holder alone: nobody gets a relation by an answer to itself. Source: issue of rights, section 1.
    """
    if organisation_id == referral.from_organisation_id and not await _holds(tx, referral, organisation_id):
        return False
    return referral.to_organisation_id is None or await organisations.receives(tx, organisation_id, referral.place)


async def works_on(tx: Tx, referral: Referral, organisation_id: UUID) -> bool:
    """Whether an organisation that accepted still works on: the registry confirms it, or it has to do with the person besides."""
    if organisation_id == referral.from_organisation_id:
        return await _holds(tx, referral, organisation_id)
    return bool(await relations.relations_of(tx, referral.person_id, organisation_id))


async def _holds(tx: Tx, referral: Referral, organisation_id: UUID) -> bool:
    return await relations.holds(tx, organisation_id, referral.person_id, referral.pathway, referral.journey_id)


async def able(tx: Tx, referral: Referral, actor: Actor) -> Actor:
    """Who acts, without being the target of what it accepted and may not work on. Raises NotFound("referral") for who is no party then."""
    own = actor.organisation_id
    if "target" not in actor.parties or referral.status not in TAKEN or own is None or await works_on(tx, referral, own):
        return actor
    if actor.parties == TARGET:
        raise NotFound("referral")
    return actor.model_copy(update={"parties": actor.parties - TARGET})


async def is_under_way(tx: Tx, r: Referral) -> bool:
    """Whether the person stays at the one that accepted, in that stage."""
    if r.to_organisation_id is None:
        return False
    return await journeys.find_under_way(tx, r.person_id, r.journey_id, r.place, r.to_organisation_id) is not None
