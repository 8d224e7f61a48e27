"""What a relation to a journey allows. Pure. The table relation x action: contracts, "Rights between services"."""

from typing import NamedTuple
from uuid import UUID

from services.programme.journey.domain import Found, Journey, Spell, StageState, holder
from shared.errors import refuse

UNKNOWN_STAGE = 0
"""The stage of a referral that was accepted before its stage was kept."""


class Sight(NamedTuple):
    """What an organisation sees of a journey. `is_whole` is false for a former holder, which sees nothing later."""

    journey: Journey
    is_whole: bool


def is_holder(journey: Journey, organisation_id: UUID | None) -> bool:
    return organisation_id is not None and holder(journey) == organisation_id


def has_accepted(found: Found, organisation_id: UUID | None, stage: int | None = None) -> bool:
    """Whether a referral it accepted still counts, for `stage` where one is given. One whose stage it started is used."""
    counting = [accepted for accepted in found.accepted if not _is_used(found.journey, organisation_id, accepted)]
    return any(stage in (None, accepted) or accepted == UNKNOWN_STAGE for accepted in counting)


def _is_used(journey: Journey, organisation_id: UUID | None, stage: int) -> bool:
    """Referral closes it when the stay ends; until then the open stay shows it."""
    if stage == UNKNOWN_STAGE:
        return any(spell.organisation_id == organisation_id for spell in journey.spells)
    spell = journey.open_spell(stage)
    return spell is not None and spell.organisation_id == organisation_id


def sight(found: Found, organisation_id: UUID | None) -> Sight:
    """All of it for the holder and who accepted; a former holder's own part for others. Source: privacy section 1."""
    journey = found.journey
    if is_holder(journey, organisation_id) or has_accepted(found, organisation_id):
        return Sight(journey, True)
    own = [spell for spell in journey.spells if spell.organisation_id == organisation_id]
    shown = tuple(spell for spell in journey.spells if own and _place(spell) <= max(map(_place, own)))
    stages = tuple(_seen(journey, state, shown) for state in journey.stages)
    return Sight(journey.model_copy(update={"spells": shown, "stages": stages, "completions": ()}), False)


def _place(spell: Spell) -> tuple[object, ...]:
    """Spells in the order that makes the holder."""
    return (spell.started_on, spell.stage, spell.number)


def _seen(journey: Journey, state: StageState, shown: tuple[Spell, ...]) -> StageState:
    """A stage up to the last one shown as it stands; of others and of later stays only that they were started."""
    last = max((spell.stage for spell in shown), default=0)
    if len(journey.spells_of(state.stage)) > sum(spell.stage == state.stage for spell in shown):
        return state.model_copy(update={"status": "started", "reason": None})
    return state if state.stage <= last else state.model_copy(update={"status": "planned", "reason": None})


def must_hold(journey: Journey, organisation_id: UUID | None) -> None:
    """What belongs to no stay is the holder's. Raises Refused("relation-not-sufficient")."""
    refuse("relation-not-sufficient", {"holder": not is_holder(journey, organisation_id)})


def must_decide(found: Found, organisation_id: UUID | None) -> None:
    """Who skips and reopens: the holder, or who accepted a stage; both give a reason. Raises Refused("relation-not-sufficient")."""
    allowed = is_holder(found.journey, organisation_id) or has_accepted(found, organisation_id)
    refuse("relation-not-sufficient", {"holder-or-accepted": not allowed})


def must_start(found: Found, organisation_id: UUID | None, stage: int) -> None:
    """Who starts a stage: the holder its own next one, or who accepted a referral for it. Raises Refused("relation-not-sufficient")."""
    allowed = is_holder(found.journey, organisation_id) or has_accepted(found, organisation_id, stage)
    refuse("relation-not-sufficient", {"holder-or-accepted": not allowed})
