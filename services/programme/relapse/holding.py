"""What relapses do once a corrected start says that another organisation had the person when they were entered. Pure."""

from services.programme.journey.domain import Claim, Journey, holder
from services.programme.relapse.claiming import stood_before
from services.programme.relapse.domain import NOTHING_REOPENED, Outcome, Relapse, is_since, stands
from services.programme.relapse.undoing import ENDED, Undoing, taken_out


def held_otherwise(journey: Journey, by: Undoing) -> Outcome:
    """Those of who had the person in truth reopen what they would have reopened; those of who had it not reopen nothing.

    Source: issue of corrections, section 1.
    """
    kept = {one.relapse_id: one for one in by.kept if stands(one)}
    asked = [(kept[claim.relapse_id], claim) for claim in journey.claims or () if claim.relapse_id in kept]
    changed: list[Relapse] = []
    for one, claim in asked:
        held = _was_held(journey, one, claim)
        if held is not None and held != (one.wants is not None):
            changed.append(_wanting(journey, one, claim, by) if held else one.model_copy(update=NOTHING_REOPENED))
    return taken_out(journey, changed, by) if changed else Outcome(journey, [], [])


def _was_held(journey: Journey, relapse: Relapse, claim: Claim) -> bool | None:
    """Whether the organisation of its stay had the person when it was entered; None where nobody asks again."""
    spell = journey.spell(relapse.stage, relapse.spell)
    if claim.spells is None or claim.would_want is None or spell is None or journey.is_lost:
        return None
    return holder(journey.model_copy(update={"spells": journey.spells[: claim.spells]})) == spell.organisation_id


def _wanting(journey: Journey, relapse: Relapse, claim: Claim, by: Undoing) -> Relapse:
    """The relapse with the stage that it would have wanted open, and how that stood."""
    assert claim.would_want is not None
    stage = claim.would_want
    by_then = [spell for spell in journey.spells[: claim.spells] if spell.stage == stage]
    wanting = relapse.model_copy(update={"wants": stage, "wanted_after": by_then[-1].number if by_then else 0})
    now = journey.status_of(stage)
    if now not in ENDED or not is_since(wanting, journey.spell(stage)) or stood_before(by.kept, (stage, wanting.wanted_after)):
        return wanting
    return wanting.model_copy(update={"reopened_from": now, "reopened_journey": journey.status == "completed"})
