"""Showing referrals: to their parties and the person; each shows whom it is about as far as the caller may know."""

from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from services.referral.disclosure import service as disclosures
from services.referral.disclosure.domain import Identity
from services.referral.referral import service as referrals
from services.referral.referral.domain import Referral, knows_person
from services.referral.relation import service as relations
from services.referral.settings import settings
from services.referral.sight import store
from services.referral.sight.store import HistoryLine, Slice
from shared.database import Tx

UNTOLD = ("died", "death-reversed", "returned-to-custody")
Direction = Literal["in", "out", "held"]


class Seen(NamedTuple):
    """A referral as its reader sees it. `names_person`: with the pseudonym, the journey and the history."""

    referral: Referral
    names_person: bool


async def list_referrals(tx: Tx, direction: Direction, part: Slice) -> list[Seen]:
    """The caller's: sent; received and open to it; open for whom it holds. A person's own."""
    found = await _list(tx, direction, part)
    known = {one.referral_id for one in found} if direction == "held" else await _list_known(tx, found)
    return [Seen(referral, referral.referral_id in known) for referral in found]


async def _list(tx: Tx, direction: Direction, part: Slice) -> list[Referral]:
    own, organisation_id = relations.own_id(tx), tx.caller.organisation_id
    if own is not None:
        return await store.list_of_person(tx, own, part)
    if organisation_id is None:
        return []
    if direction == "held":
        return await store.list_held(tx, organisation_id, part)
    if direction == "out":
        return await store.list_out(tx, organisation_id, part)
    return await store.list_in(tx, organisation_id, part, settings().refuse_without_position)


async def _list_known(tx: Tx, found: Sequence[Referral]) -> set[UUID]:
    """The ids of those of which the caller sees whom they are about."""
    organisation_id = tx.caller.organisation_id
    if relations.own_id(tx) is not None or organisation_id is None:
        return {referral.referral_id for referral in found}  # a person lists its own
    related = await relations.list_related(tx, {r.person_id for r in found})
    return {r.referral_id for r in found if knows_person(r, organisation_id, r.person_id in related)}


async def get_referral(tx: Tx, referral_id: UUID) -> tuple[Seen, Identity | None, list[HistoryLine]]:
    """With who the person is, as far as a consent allows now, and the history. Source: privacy section 4; issue of rights, section 1."""
    referral = await referrals.get_visible(tx, referral_id)
    tx.audit("read-referral", referral.person_id)
    if await referrals.knows_person(tx, referral):
        who = await disclosures.find_identity(tx, referral.person_id, "referral")
        return Seen(referral, True), who, await _history(tx, referral)
    shared = await disclosures.find_shared(tx, referral.person_id, "referral") if referral.status == "requested" else None
    return Seen(referral, False), shared, []


async def _history(tx: Tx, referral: Referral) -> list[HistoryLine]:
    """Who does not have the person any more reads its own reasons, and why it was declined: others tell of a death or of custody."""
    found = await store.list_history(tx, referral.referral_id)
    if await relations.may(tx, "see-death", referral.person_id):
        return found
    return [line if _is_told(line, tx.caller.organisation_id) else line.model_copy(update={"reason": "other"}) for line in found]


def _is_told(line: HistoryLine, organisation_id: UUID | None) -> bool:
    is_own = line.organisation_id is not None and line.organisation_id == organisation_id
    return line.reason is None or is_own or (line.to_status == "rejected" and line.reason not in UNTOLD)
