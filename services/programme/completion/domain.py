"""When a journey is complete. Pure. Source: mission rows 002-02, 002-31, 000-59."""

from datetime import date

from services.programme.day.domain import Days
from services.programme.functioning.domain import Functioning, gaps
from services.programme.journey.domain import Journey
from services.programme.pathway.domain import Pathway
from shared.errors import refuse
from shared.events.programme import JourneyCompleted


def complete_journey(
    journey: Journey, pathway: Pathway, functioning: Functioning, completed_on: date, days: Days
) -> tuple[Journey, list[JourneyCompleted]]:
    """Raises Refused("journey-not-completable") naming every gap.

    The stage that completes the journey must be completed, not left; no stage may be open or waiting to be started again; where the
    pathway needs them, all four levels must be closed and one of its adaptation goals set.
    """
    last = pathway.completing.stage
    spell = journey.spell(last)
    refuse(
        "journey-not-completable",
        {
            "journey-open": journey.status != "open",
            f"stage-{last}-completed": journey.status_of(last) != "completed",
            "no-stage-open": any(state.status in ("started", "reopened") for state in journey.stages),
            "completed-on-or-after-last-stage": bool(spell and spell.ended_on and completed_on < spell.ended_on),
            **days.unmet(completed_on),
            **gaps(functioning, pathway),
        },
    )
    completions = (*journey.completions, completed_on)
    event = JourneyCompleted(
        person_id=journey.person_id,
        journey_id=journey.journey_id,
        completed_on=completed_on,
        imported=journey.imported,
        completion=len(completions),
    )
    return journey.model_copy(update={"status": "completed", "completions": completions}), [event]
