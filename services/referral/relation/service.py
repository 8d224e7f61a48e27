"""Asking the case relation. Who has no right to something about a person is told that there is no such person."""

from collections.abc import Collection
from uuid import UUID

from services.referral.relation import domain, store
from services.referral.relation.domain import Action, Relation
from shared.database import Tx
from shared.errors import NotFound, NotYetKnown

NOBODY = UUID(int=0)


def own_id(tx: Tx) -> UUID | None:
    """The person a caller is: a token with the role person has the person's id as its subject, or is nobody's."""
    try:
        return UUID(tx.caller.sub) if tx.caller.has("person") and tx.caller.level == "micro" else None
    except ValueError:
        return NOBODY  # and not the organisation that the token may name besides


async def find_relations(tx: Tx, person_id: UUID) -> frozenset[Relation]:
    """As what the caller stands to the person; a person stands to itself alone."""
    own, organisation_id = own_id(tx), tx.caller.organisation_id
    if own is not None:
        return domain.PERSON if own == person_id else frozenset()
    return await relations_of(tx, person_id, organisation_id) if organisation_id else frozenset()


async def relations_of(tx: Tx, person_id: UUID, organisation_id: UUID) -> frozenset[Relation]:
    """As what an organisation stands to the person, whoever calls."""
    return domain.relations_of(*await store.list_facts(tx, person_id, organisation_id))


async def may(tx: Tx, action: Action, person_id: UUID) -> bool:
    return tx.caller.is_process or domain.may(action, await find_relations(tx, person_id))


async def must(tx: Tx, action: Action, person_id: UUID) -> None:
    """Raises NotFound("person") without a relation that opens the action. Source: privacy section 1."""
    if not await may(tx, action, person_id):
        raise NotFound("person")
    tx.about.add(person_id)


async def decides(tx: Tx, person_id: UUID, pathway: str, journey_id: UUID | None) -> bool:
    """Whether the caller is the person itself, or has it now by this journey; where nobody has it by that, by another on the pathway.

    These two end what others have asked for. Source: issue of rights, section 1.
    """
    own, organisation_id = own_id(tx), tx.caller.organisation_id
    if own is not None or organisation_id is None:
        return own == person_id
    return await holds(tx, organisation_id, person_id, pathway, journey_id)


async def holds(tx: Tx, organisation_id: UUID, person_id: UUID, pathway: str, journey_id: UUID | None) -> bool:
    """Whether an organisation has the person now by this journey; where nobody has it by that, by another on the pathway."""
    return await store.holds(tx, person_id, organisation_id, pathway, journey_id)


async def may_refer(tx: Tx, person_id: UUID, pathway: str, journey_id: UUID | None) -> bool:
    """Whether the caller has the person where a referral leads. Where nobody has it there: whether it has the person at all.

    Source: issue of rights, section 1.
    """
    if await decides(tx, person_id, pathway, journey_id):
        return True
    return await may(tx, "refer", person_id) and not await store.is_held(tx, person_id, pathway)


async def must_refer(tx: Tx, person_id: UUID, pathway: str, journey_id: UUID | None, may_retry: bool = False) -> None:
    """Raises NotFound("person"); with `may_retry` NotYetKnown for who has accepted the person, whose own start may be on its way."""
    if not await may_refer(tx, person_id, pathway, journey_id):
        may_start = may_retry and "acceptor" in await find_relations(tx, person_id)
        raise NotYetKnown("person_id", "programme") if may_start else NotFound("person")
    tx.about.add(person_id)


async def is_elsewhere(tx: Tx, person_id: UUID, organisation_id: UUID, pathway: str) -> bool:
    """Whether another organisation has the person on the pathway, and this one does not."""
    return await store.is_elsewhere(tx, person_id, organisation_id, pathway)


async def list_related(tx: Tx, person_ids: Collection[UUID]) -> set[UUID]:
    """Those of the persons to whom the caller has any relation."""
    if own_id(tx) is not None:
        return {own for own in person_ids if own == own_id(tx)}
    return await store.list_related(tx, person_ids, tx.caller.organisation_id) if tx.caller.organisation_id else set()


async def relates(tx: Tx, stream_id: UUID) -> bool:
    """Whether the caller may hear of a stream: that of a person it has a relation to, or of its own organisation.

    Of a referral, whose id is no stream: whether it is asked by it or has taken it.
    """
    if stream_id == tx.caller.organisation_id or await list_related(tx, [stream_id]):
        return True
    return tx.caller.organisation_id is not None and await store.is_asked(tx, stream_id, tx.caller.organisation_id)
