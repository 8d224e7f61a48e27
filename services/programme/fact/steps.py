"""What a correction does to adaptation steps and their reaching. Pure. Source: issue of corrections, section 1."""

from datetime import date
from typing import Any

from services.programme.adaptation.domain import AdaptationStep, after, needs_halfway
from services.programme.correction.domain import NOT_POSSIBLE
from services.programme.fact.domain import Case, said
from services.programme.journey.domain import Correction
from shared.errors import refuse

PLAN = ("step_id", "kind", "planned_on")


def withdraw_step(case: Case, step: AdaptationStep | None) -> list[Correction]:
    """A step was not planned; nor was it reached. Raises Refused."""
    planned = _planned(case, step)
    reaching = [_reaching(case, planned)] if planned.reached_on else []
    return [*reaching, case.line("adaptation-step", "entered-in-error", planned.entered_by, said(planned, *PLAN))]


def amend_step(case: Case, step: AdaptationStep | None, now: AdaptationStep) -> tuple[AdaptationStep, Correction]:
    """Another step was planned, or for another day, judged as a new plan; its reaching stays. Raises Refused."""
    planned = _planned(case, step)
    days = case.unmet_days(planned.planned_on, now.planned_on, after(case.days))
    is_new = now.kind != planned.kind
    refuse(
        NOT_POSSIBLE,
        {
            "halfway": is_new and needs_halfway(case.seen, case.pathway, now.kind),
            **{name: missing for name, missing in days.items() if name != "date-not-in-future"},
        },
    )
    amended = planned.model_copy(update={"kind": now.kind, "planned_on": now.planned_on})
    return amended, case.line("adaptation-step", "amended", planned.entered_by, said(planned, *PLAN))


def withdraw_reaching(case: Case, step: AdaptationStep | None) -> tuple[AdaptationStep, Correction]:
    """A step was not reached: it is planned. Raises Refused."""
    reached = _reached(case, step)
    return reached.model_copy(update={"reached_on": None, "reached_by": None}), _reaching(case, reached)


def amend_reaching(case: Case, step: AdaptationStep | None, on: date) -> tuple[AdaptationStep, Correction]:
    """A step was reached on another day. Raises Refused."""
    reached = _reached(case, step)
    assert reached.reached_on is not None
    refuse(NOT_POSSIBLE, case.unmet_days(reached.reached_on, on, after(case.days)))
    line = case.line("reaching", "amended", reached.reached_by, _as_reached(reached))
    return reached.model_copy(update={"reached_on": on}), line


def _planned(case: Case, step: AdaptationStep | None) -> AdaptationStep:
    case.must_be_own(step.entered_by if step else None)
    refuse(NOT_POSSIBLE, {"step-planned": step is None})
    assert step is not None
    return step


def _reached(case: Case, step: AdaptationStep | None) -> AdaptationStep:
    case.must_be_own(step.reached_by if step else None)
    refuse(NOT_POSSIBLE, {"step-reached": step is None or step.reached_on is None})
    assert step is not None
    return step


def _reaching(case: Case, step: AdaptationStep) -> Correction:
    """The line that a reaching was none."""
    return case.line("reaching", "entered-in-error", step.reached_by, _as_reached(step))


def _as_reached(step: AdaptationStep) -> dict[str, Any]:
    return said(step, "step_id", "reached_on")
