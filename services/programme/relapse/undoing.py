"""A relapse that was none: what it did is taken back. Pure."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from services.programme.journey.domain import Journey
from services.programme.relapse.domain import Outcome, Relapse, assessed, mark
from shared.events import Event
from shared.events.programme import RelapseWithdrawn


class Undoing(NamedTuple):
    """What an undoing is judged by: all that is kept of the journey, and the stages for which somebody has accepted the person."""

    kept: Sequence[Relapse] = ()
    accepted: Collection[int] = ()


def undone(journey: Journey, before: Relapse, relapse: Relapse, by: Undoing) -> Outcome:
    """A relapse that was refuted, or that the weeks show no more. Nobody was told of a finding.

    The mark goes, and with the last relapse that wants a stage reopened the reopening. Source: issue of corrections, section 2.
    """
    told: list[Event] = [assessed(journey, relapse)] if relapse.withdrawn else []
    if before.status != "confirmed":
        return Outcome(journey, [relapse], told)
    journey = mark(journey, relapse)
    spell = journey.spell(relapse.stage, relapse.spell)
    journey, takes_back = _taken_back(journey, relapse, by)
    withdrawn = RelapseWithdrawn(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        imported=journey.imported,
        stage=relapse.stage,
        spell=relapse.spell,
        takes_back=takes_back,
        is_last=spell is not None and not spell.relapses and not journey.imported,
    )
    return Outcome(journey, [relapse], [withdrawn, *told])


def _taken_back(journey: Journey, relapse: Relapse, by: Undoing) -> tuple[Journey, int | None]:
    """The journey as it stood before the reopening, and the stage.

    None where another relapse wants it open, somebody has accepted the person for it, it was started again, or the journey is imported.
    """
    stage, others = relapse.wants, [one for one in by.kept if one.relapse_id != relapse.relapse_id]
    if stage is None or stage in by.accepted or journey.imported:
        return journey, None
    of_stage = [one for one in (relapse, *others) if one.wants == stage]
    if any(one.status == "confirmed" and not one.withdrawn for one in of_stage):
        return journey, None
    stood = next((one.reopened_from for one in of_stage if one.reopened_from is not None), None)
    last, now = journey.spell(stage), journey.status_of(stage)
    if (
        stood is None
        or now != ("planned" if stood == "planned" else "reopened")
        or (last is not None and last.started_on > relapse.known_on)
    ):
        return journey, None
    journey = journey.with_status(stage, stood)
    was_completed = any(one.reopened_journey for one in (relapse, *others))
    is_at_rest = all(state.status not in ("started", "reopened") for state in journey.stages)
    return journey.model_copy(update={"status": "completed"}) if was_completed and is_at_rest else journey, stage
