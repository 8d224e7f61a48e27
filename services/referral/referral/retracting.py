"""A command's change of a referral was a mistake: what it becomes then, and what the others are told. Pure."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.referral.referral.domain import Changed, Referral, entry
from services.referral.referral.restating import Past, restate
from services.referral.transition.domain import TAKEN, Actor, Reason, Status


class Before(BaseModel):
    """How a referral and its deadlines stood before a command changed it. `made_by`: the organisation that did; None: the person."""

    model_config = ConfigDict(frozen=True)

    status: Status
    to_organisation_id: UUID | None
    has_started: bool
    made_by: UUID | None
    answer_due_at: datetime | None
    handover_due_at: datetime | None


def taken_back(referral: Referral, stood: Before, past: Past) -> Changed:
    """As it stood. An acceptance or a start that was none is told as entered in error, and the request anew.

    Source: issue of corrections, section 1.
    """
    known = {"status": stood.status, "to_organisation_id": stood.to_organisation_id, "has_started": stood.has_started}
    back = referral.model_copy(update=known)
    told = restate(referral, back, past, "").events
    if referral.status in TAKEN and back.status in TAKEN:
        told = [referral.mistaken(), *back.told(again=True), *told[1:]]
    return Changed(back, told, [])


def without_basis(referral: Referral) -> Changed:
    """Nobody accepted it, and what the system alone had opened it for is none: it never was."""
    told = [referral.mistaken()] if referral.status in TAKEN else []
    return Changed(referral.model_copy(update={"status": "entered-in-error"}), told, [])


def written(referral: Referral, changed: Changed, actor: Actor, reason: Reason | None) -> Changed:
    """With its line of history: who took back, and why."""
    return changed._replace(entries=[entry("status", referral.status, changed.referral, actor, reason)])
