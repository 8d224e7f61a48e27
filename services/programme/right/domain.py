"""What a relation to a journey allows. Pure. The table relation x action: contracts, "Rights between services"."""

from typing import NamedTuple
from uuid import UUID

from services.programme.journey.domain import Acceptance, Found, Journey, Spell, StageState, asks, begun_as, holder
from shared.errors import Refused, refuse

UNKNOWN_STAGE = 0
"""The stage of a referral that was accepted before its stage was kept."""
SKIPPED = ("done-elsewhere", "not-needed")


LATER = {
    "holder-unchanged",
    "journey-open",
    "journey-completed",
    "journey-completion-corrected",
    "completed-on-or-after-last-stage",
    "stage-skipped",
    "stage-reopened",
    "reopened-by-decision",
    "reopening-corrected",
    "last-stay-of-stage",
    "on-or-before-next-start",
    "on-or-before-later-starts",
    "later-stages-corrected",
    "relapse-refuted",
    "death-reversed",
    "not-after-death",
}
"""Requirements that tell what came after a stay, or of the person."""
OWN = ("own-stay-or-holder", "own-or-holder", "spell-of-own-organisation")
"""Requirements that a stay or a decision of another organisation misses."""


class Sight(NamedTuple):
    """What an organisation sees of a journey. `is_whole` is false for a former holder, which sees nothing later."""

    journey: Journey
    is_whole: bool


def is_holder(journey: Journey, organisation_id: UUID | None) -> bool:
    return organisation_id is not None and holder(journey) == organisation_id


def accepted_stages(found: Found, organisation_id: UUID | None) -> list[int]:
    """The stages of the referrals it accepted that still count. One whose stage it started is used."""
    return [accepted.stage for accepted in found.accepted if not _is_used(found.journey, organisation_id, accepted)]


def used_by(found: Found, stage: int) -> tuple[UUID, ...]:
    """The accepted referrals that a start of this stage uses."""
    return tuple(accepted.referral_id for accepted in found.accepted if accepted.stage in (stage, UNKNOWN_STAGE))


def _is_used(journey: Journey, organisation_id: UUID | None, accepted: Acceptance) -> bool:
    """A stay says which referrals its start used; one from before that was kept uses those of its stage while it is open."""
    if any(accepted.referral_id in spell.accepted for spell in journey.spells):
        return True
    if accepted.stage == UNKNOWN_STAGE:
        return any(spell.organisation_id == organisation_id for spell in journey.spells)
    spell = journey.open_spell(accepted.stage)
    return spell is not None and spell.organisation_id == organisation_id


def sight(found: Found, organisation_id: UUID | None) -> Sight:
    """All of it for the holder and who accepted; a former holder's own part for others. Source: privacy section 1."""
    journey = found.journey
    if is_holder(journey, organisation_id) or accepted_stages(found, organisation_id):
        return Sight(journey, True)
    last = max((begun_as(spell) for spell in journey.spells if spell.organisation_id == organisation_id), default=())
    following = min((spell for spell in journey.spells if begun_as(spell) > last), key=begun_as, default=None)
    shown = tuple(_as_then(spell, organisation_id, following) for spell in journey.spells if begun_as(spell) <= last)
    stages = tuple(_seen(state, shown, following) for state in journey.stages)
    corrections = tuple(one for one in journey.corrections if organisation_id == one.of_organisation_id)
    status = journey.status if journey.status == "entered-in-error" else "open"
    seen = {"status": status, "spells": shown, "stages": stages, "completions": (), "corrections": corrections}
    return Sight(journey.model_copy(update=seen), False)


def _as_then(spell: Spell, organisation_id: UUID | None, following: Spell | None) -> Spell:
    """A stay as it stood when the next one began: how another's ended afterwards is later than what may be seen."""
    ended_later = spell.ended_on is not None and following is not None and spell.ended_on > following.started_on
    if spell.organisation_id == organisation_id or not ended_later:
        return spell
    return spell.model_copy(update={"ended_on": None, "how": None, "actual_class": None, "outcome": None, "reason": None})


def _seen(state: StageState, shown: tuple[Spell, ...], following: Spell | None) -> StageState:
    """The next stay was started, a stage of the stays shown stands as they ended; nothing is told of what came later."""
    if following is not None and following.stage == state.stage:
        return state.model_copy(update={"status": "started", "reason": None})
    own = [spell for spell in shown if spell.stage == state.stage]
    if own:
        ended = "started" if own[-1].is_open else "completed" if own[-1].how == "completed" else "left"
        return state.model_copy(update={"status": ended, "reason": None})
    earlier = state.status in SKIPPED and state.stage < max((spell.stage for spell in shown), default=0)
    return state if earlier else state.model_copy(update={"status": "planned", "reason": None})


def told_to_former(refused: Refused) -> Refused:
    """The refusal as a former holder is told it.

    A stay of another organisation, or one that never was, is only named as not its own. Whatever came later is `holder-unchanged`, and is
    said only where nothing else hinders: else each refusal of what cannot be would tell if there is something later.
    """
    lacking = [name for name in OWN if name in refused.unmet]
    if lacking or "stage-started" in refused.unmet:
        return Refused("relation-not-sufficient", tuple(lacking) or OWN[-1:])
    shown = tuple(name for name in refused.unmet if name not in LATER)
    return Refused(refused.code, shown or ("holder-unchanged",))


def must_hold(journey: Journey, organisation_id: UUID | None) -> None:
    """What belongs to no stay is the holder's. Raises Refused("relation-not-sufficient")."""
    refuse("relation-not-sufficient", {"holder": not is_holder(journey, organisation_id)})


def must_complete(journey: Journey, organisation_id: UUID | None) -> None:
    """Who completes a journey: its holder; of one that the person left for another, whose stay was the last one.

    Raises Refused("relation-not-sufficient").
    """
    must_hold(journey.model_copy(update={"is_lost": False}), organisation_id)


def must_decide(found: Found, organisation_id: UUID | None, stage: int) -> None:
    """Who skips and reopens a stage: the holder, or who accepted it or a later one; both give a reason.

    Raises Refused("relation-not-sufficient").
    """
    accepted = accepted_stages(found, organisation_id)
    allowed = is_holder(found.journey, organisation_id) or any(stage <= one or one == UNKNOWN_STAGE for one in accepted)
    refuse("relation-not-sufficient", {"holder-or-accepted": not allowed})


def must_start(found: Found, organisation_id: UUID | None, stage: int) -> None:
    """Who starts a stage: the holder its own next one, or who accepted a referral for it. Raises Refused("relation-not-sufficient")."""
    accepted = accepted_stages(found, organisation_id)
    allowed = is_holder(found.journey, organisation_id) or not {stage, UNKNOWN_STAGE}.isdisjoint(accepted)
    refuse("relation-not-sufficient", {"holder-or-accepted": not allowed})


def may_report_death(found: Found, organisation_id: UUID | None) -> bool:
    """Who leaves a stage because the person died: the holder or who registered the person, once the death is known whoever sees it.

    Records brought from outside tell it as it was, unless another organisation has the person. Source: contracts "Death".
    """
    is_past = found.journey.imported and asks(found, organisation_id)
    is_known = is_past or (found.person.died_on is not None and sight(found, organisation_id).is_whole)
    return is_known or is_holder(found.journey, organisation_id) or organisation_id == found.person.registered_by
