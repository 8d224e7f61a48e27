"""What becomes of a referral when a fact of a journey that changed it is corrected: as if the fact had never been. Pure."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referral.journey.domain import What
from services.referral.referral.domain import Basis, Changed, Referral, change_status, entry
from services.referral.referral.restating import Past, restate
from services.referral.transition.domain import EITHER, ENDS, OPEN, SYSTEM, TAKEN, TURNED_DOWN, UNANSWERED, Actor, Status
from shared.errors import refuse
from shared.events.referral import ReferralOrigin

BASIS: dict[What, Basis] = {
    "started": "start-of-stay",
    "ended": "end-of-stay",
    "skipped": "skip",
    "relapsed": "relapse",
    "completed": "journey",
}
CORRECTED = "corrected"
UNTAKEN: frozenset[Status] = UNANSWERED | {"rejected", "cancelled"}
"""What nobody may have accepted; a cancelled one only if nobody did before."""


class Kept(BaseModel):
    """How a referral and its deadlines stood before a fact of a journey changed it, and as what and at whom that left it.

    `status` None: the fact opened it. `stage`, `spell`: those of the fact.
    """

    model_config = ConfigDict(frozen=True)

    before_id: int
    referral_id: UUID
    journey_id: UUID
    fact: What
    stage: int
    spell: int
    status: Status | None
    from_organisation_id: UUID | None
    to_organisation_id: UUID | None
    named_journey_id: UUID | None
    region: str | None
    due_on: date | None
    imported: bool
    has_started: bool
    answer_due_at: datetime | None
    handover_due_at: datetime | None
    became: Status
    became_to: UUID | None


def undone(referral: Referral, kept: Kept, past: Past, now: datetime, on: date) -> Changed | None:
    """The referral without the fact; None where nothing of it is left to undo, or somebody has decided otherwise since.

    Source: issue of corrections, section 1.
    """
    if kept.status is None:
        return never_was(referral, BASIS[kept.fact], past, now, on)
    if kept.status in TURNED_DOWN:
        return None  # it ended nobody's referral, only the wait
    if kept.fact == "started":
        return _not_started(referral, kept, past, on)
    if referral.status != kept.became:
        return None
    if kept.became in ENDS:
        return restate(referral, referral.model_copy(update={"status": kept.status}), past, CORRECTED)
    return _without_addition(referral, kept, past)


def asking_nobody(before: Referral, changed: Changed, on: date) -> Changed | None:
    """The undoing by who does not have the person any more: what would be open again stays as it ended, what began without a stay ends.

    Else a former holder took a person back by what it alone enters. Source: issue of rights, section 1.
    """
    after = changed.referral
    if after.status not in OPEN or after.basis_withdrawn_at != before.basis_withdrawn_at:
        return changed
    if before.status in OPEN and before.has_started and not after.has_started:
        return change_status(before.model_copy(update={"has_started": False}), "cancelled", SYSTEM, "needs-met-otherwise", on)
    is_as_open = (before.status, before.to_organisation_id) == (after.status, after.to_organisation_id)
    return changed if is_as_open else None


def never_was(referral: Referral, basis: Basis, past: Past, now: datetime, on: date) -> Changed | None:
    """The system opened it for what is none. What was accepted stays, and its two sides are asked; what anybody asked for stays.

    Figures leave out what was entered in error; cancelled it would count, whoever cancelled it.
    """
    if referral.asked_as is not None:
        asked = referral.model_copy(update={"origin": referral.asked_as})
        return None if asked == referral else restate(referral, asked, past, CORRECTED)
    if referral.status in UNTAKEN and (past.accepted_on is None or referral.status != "cancelled"):
        return in_error(referral, on)
    return doubted(referral, basis, now) if referral.status in TAKEN and referral.basis_withdrawn is None else None


def opened_by(referral: Referral, what: What, stage: int, past: Past) -> Changed:
    """Another fact asked for it too: that one opened it. A relapse, a completion of the stage before, or a transfer within the stage."""
    origins: dict[What, ReferralOrigin] = {"relapsed": "relapse", "ended": "organisation" if stage == referral.stage else "completion"}
    opened = referral.model_copy(update={"origin": origins.get(what, referral.origin)})
    return Changed(referral, [], []) if opened == referral else restate(referral, opened, past, CORRECTED)


def in_error(referral: Referral, on: date) -> Changed:
    return change_status(referral, "entered-in-error", SYSTEM, "mistaken-or-duplicate", on)


def doubted(referral: Referral, basis: Basis, now: datetime) -> Changed:
    """Both sides see from now on what was corrected and when; the status stays."""
    changed = referral.model_copy(update={"basis_withdrawn": basis, "basis_withdrawn_at": now})
    return Changed(changed, [], [entry("status", referral.status, changed, SYSTEM, "basis-withdrawn")])


def go_on(referral: Referral, actor: Actor) -> Changed:
    """The sender, or who accepted, says that it goes on all the same: it is wanted by somebody now. Again it changes nothing.

    Raises Refused("status-not-possible").
    """
    refuse("status-not-possible", {"right-party": actor.parties.isdisjoint(EITHER)})
    if not referral.is_in_doubt:
        return Changed(referral, [], [])
    told = {"basis_withdrawn": None, "basis_withdrawn_at": None, "asked_as": referral.asked_as or "organisation"}
    changed = referral.model_copy(update=told)
    return Changed(changed, [], [entry("status", referral.status, changed, actor, "goes-on-all-the-same")])


def addressed_at_first(referral: Referral, to_organisation_id: UUID | None, place_found: bool) -> Changed:
    """The end of the stage named another organisation, or none: opened so at first. Its answer is due as before.

    The others are told that the first request was none: else the organisation that was addressed first would count.
    """
    changed = referral.model_copy(update={"to_organisation_id": to_organisation_id, "place_found": place_found})
    return Changed(changed, [referral.mistaken(), *changed.told()], [entry("addressed", referral.status, changed, SYSTEM, CORRECTED)])


def stopped_again(stopped: Referral, changed: Changed) -> Changed:
    """What a death stopped is told as it would have stood, and that it is stopped; a reversal opens it so."""
    status = stopped.status
    after = changed.referral.model_copy(update={"status": status})
    entries = [one.model_copy(update={"from_status": status, "to_status": status}) for one in changed.entries]
    return Changed(after, [*changed.events, after.closed("died")], entries)


def _not_started(referral: Referral, kept: Kept, past: Past, on: date) -> Changed | None:
    """Back to where it stood; what its target has made of it since, such as a hold, stays.

    One whose basis was withdrawn while only the start kept it from going never was.
    """
    assert kept.status is not None, "only an opening has none"
    if not referral.has_started or referral.status == "entered-in-error":
        return None
    is_as_left = referral.status == "in-progress"
    known: dict[str, Any] = {"has_started": kept.has_started}
    if is_as_left:
        known |= {"status": kept.status, "journey_id": kept.named_journey_id, "to_organisation_id": kept.to_organisation_id}
    back = referral.model_copy(update=known)
    if back == referral:
        return None
    if back.status in UNANSWERED and referral.basis_withdrawn is not None and referral.asked_as is None:
        return in_error(referral.model_copy(update={"has_started": kept.has_started}), on)
    if back.status not in OPEN:
        return Changed(back, [], [entry("status", referral.status, back, SYSTEM, CORRECTED)])
    return restate(referral, back, past, CORRECTED)


def _without_addition(referral: Referral, kept: Kept, past: Past) -> Changed | None:
    """An open referral without what the fact added to it: whom it named, the journey, the limit. None where it was changed since."""
    if (referral.status, referral.to_organisation_id) != (kept.became, kept.became_to) or kept.status is None:
        return None
    before = {
        name: getattr(kept, name) for name in ("status", "from_organisation_id", "to_organisation_id", "region", "due_on", "imported")
    }
    was = referral.model_copy(update=before | {"journey_id": kept.named_journey_id})
    return None if was == referral else restate(referral, was, past, CORRECTED)
