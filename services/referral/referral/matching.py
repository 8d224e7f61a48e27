"""Whether an open referral serves a wish, and what that makes of it. Pure."""

from datetime import date
from typing import Any
from uuid import UUID

from services.referral.referral.domain import ANSWERED_FOR, IMPORTED, Changed, Referral, address, move
from services.referral.transition.domain import SYSTEM, TAKEN, UNANSWERED, Actor
from services.referral.wish.domain import Wish
from shared.errors import refuse


def hindrances(referral: Referral, wish: Wish, actor: Actor = SYSTEM) -> dict[str, bool]:
    """What keeps an open referral from serving a new wish for its stage: it is somebody else's, or already answered elsewhere.

    Who has the person now goes on with what another organisation asked for, as its sender; not with what the person asked for itself.
    """
    elsewhere = wish.to_organisation_id not in (None, referral.to_organisation_id)
    own = wish.from_organisation_id == referral.from_organisation_id or _goes_on_with(referral, wish, actor)
    return {
        "no-open-referral-of-another-for-this-stage": not own and (referral.to_organisation_id is not None or referral.status == "draft"),
        "open-referral-not-answered": elsewhere and referral.status not in UNANSWERED,
    }


def _goes_on_with(referral: Referral, wish: Wish, actor: Actor) -> bool:
    senders = (referral.from_organisation_id, wish.from_organisation_id)
    return referral.status == "requested" and "deciding" in actor.parties and None not in senders


def is_taken_by(referral: Referral, organisation_id: UUID | None) -> bool:
    """Whether this organisation accepted it and may have the person."""
    return organisation_id is not None and referral.to_organisation_id == organisation_id and referral.status in TAKEN


def meet(referral: Referral, wish: Wish, actor: Actor, on: date) -> Changed:
    """A wish for a stage the person already has an open referral for: never a second one, a change of the first at most.

    Raises Refused("referral-not-possible").
    """
    refuse("referral-not-possible", hindrances(referral, wish, actor))
    named = wish.to_organisation_id
    if not actor.is_system and referral.asked_as is None:
        referral = referral.model_copy(update={"asked_as": wish.origin})
    if _goes_on_with(referral, wish, actor):
        referral = referral.model_copy(update={"from_organisation_id": wish.from_organisation_id})
    changed = Changed(_completed_by(referral, wish), [], [])
    if named is not None and named != referral.to_organisation_id:
        changed = changed.then(address(changed.referral, named, actor, None if changed.referral.imported else wish.due_on))
    if referral.status == "draft" and not wish.draft:
        changed = changed.then(move(changed.referral, ["requested"], SYSTEM, None, on))
    return changed


def serve(referral: Referral, wish: Wish, on: date) -> Changed:
    """The same for the system, which refuses nothing: what cannot serve the wish learns of the journey and its limit. Source: OUR-01.

    Where a correction had put in doubt what somebody accepted, it has a basis again, and who ended the stage is its sender.
    """
    if referral.is_in_doubt and wish.to_organisation_id in (None, referral.to_organisation_id):
        sender = referral.from_organisation_id if referral.asked_as else wish.from_organisation_id or referral.from_organisation_id
        referral = referral.model_copy(update=ANSWERED_FOR | {"from_organisation_id": sender})
    if any(hindrances(referral, wish).values()):
        return Changed(_completed_by(referral, wish), [], [])
    return meet(referral, wish, SYSTEM, on)


def _completed_by(referral: Referral, wish: Wish) -> Referral:
    """What the first one did not know yet."""
    known: dict[str, Any] = {"journey_id": referral.journey_id or wish.journey_id, "region": referral.region or wish.region}
    if referral.status == "draft" and not wish.draft:
        known["due_on"] = wish.due_on
    known["from_organisation_id"] = referral.from_organisation_id or wish.from_organisation_id
    return referral.model_copy(update=known | (IMPORTED if referral.imported or wish.imported else {}))
