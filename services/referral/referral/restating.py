"""A referral told again, as it stands once something was undone. Pure."""

from datetime import date
from typing import NamedTuple

from services.referral.referral.domain import Changed, Referral, answered, entry
from services.referral.transition.domain import ENDS, SYSTEM, TAKEN, Status
from shared.events import Event
from shared.events.referral import ReferralStarted


class Past(NamedTuple):
    """What its history says: the day on which it was last accepted, and the reason of its last change of status."""

    accepted_on: date | None = None
    reason: str | None = None


def reopen(referral: Referral, status: Status, past: Past) -> Changed:
    """Open again as it was before a death that was none; the others are told of it as if it were new.

    No row of the table of transitions: it undoes one. Source: issue of rights, section 4.
    """
    return restate(referral, referral.model_copy(update={"status": status}), past, "death-reversed")


def restate(before: Referral, after: Referral, past: Past, reason: str) -> Changed:
    """How it stands after an undoing; the others are told its life again as if it were new. No row of the table of transitions.

    An acceptance that is none any more ends first; that no place was found counts anew. One in error stays untold.
    """
    if after.status == "entered-in-error":
        return Changed(after, [], [entry("status", before.status, after, SYSTEM, reason)])
    was_told = before.status in TAKEN or (before.status == "requested" and after.status == "draft")
    told: list[Event] = [before.mistaken()] if was_told and after.status not in TAKEN else []
    if after.status != "draft":
        told += after.told(again=True) if told else after.told()[:1]
    if past.accepted_on is not None and after.status in TAKEN:
        told.append(answered(after.model_copy(update={"status": "accepted"}), None, past.accepted_on))
    if after.status in TAKEN and after.has_started and after.to_organisation_id is not None:
        told.append(ReferralStarted(**after.ids(), organisation_id=after.to_organisation_id))
    if after.status in ENDS:
        told.append(after.closed(past.reason))
    return Changed(after, told, [entry("status", before.status, after, SYSTEM, reason)])
