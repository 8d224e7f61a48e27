"""Adaptation steps of social rehabilitation and resocialization, given by success. Pure. Source: mission rows 000-43, 002-20."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.programme.day.domain import Days
from services.programme.journey.domain import Journey
from services.programme.pathway.domain import Pathway
from shared.errors import refuse

Kind = Literal["partial-residence", "work-outside", "social-dormitory", "other-method"]


class AdaptationStep(BaseModel):
    """`entered_by`, `reached_by`: the organisations; None in rows from before that was kept."""

    model_config = ConfigDict(frozen=True)

    step_id: UUID
    kind: Kind
    planned_on: date
    reached_on: date | None = None
    entered_by: UUID | None = None
    reached_by: UUID | None = None


def check_planned(journey: Journey, pathway: Pathway, step: AdaptationStep, days: Days) -> None:
    """A social dormitory is for those halfway through recovery: who completed a stage that the pathway calls so.

    A plan may lie ahead, but not before the journey, nor after a death. Raises Refused("adaptation-not-plannable").
    """
    refuse(
        "adaptation-not-plannable",
        {
            "journey-open": journey.status != "open",
            "halfway": needs_halfway(journey, pathway, step.kind),
            **{name: missing for name, missing in _unmet(step.planned_on, days).items() if name != "date-not-in-future"},
        },
    )


def needs_halfway(journey: Journey, pathway: Pathway, kind: Kind) -> bool:
    """Whether such a step needs a stage that the pathway calls halfway, and none was completed."""
    stages = [rule.stage for rule in pathway.stages if rule.halfway]
    return kind == "social-dormitory" and not any(spell.stage in stages and spell.how == "completed" for spell in journey.spells)


def after(days: Days) -> date | None:
    """A step follows the beginning of the journey."""
    return None if days.is_imported else days.begun_on


def _unmet(day: date, days: Days) -> dict[str, bool]:
    return days.unmet(day, after=after(days))


def reach(step: AdaptationStep | None, reached_on: date, days: Days, by: UUID | None = None) -> AdaptationStep:
    """`by`: the organisation. Raises Refused("adaptation-not-reachable")."""
    refuse(
        "adaptation-not-reachable",
        {
            "step-planned": step is None or step.reached_on is not None,
            **_unmet(reached_on, days),
        },
    )
    assert step is not None
    return step.model_copy(update={"reached_on": reached_on, "reached_by": by})
