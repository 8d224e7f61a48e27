"""What a later organisation is shown of the stages before. Pure. Source: mission rows 002-03, 002-38."""

from collections.abc import Sequence
from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.programme.functioning.domain import LEVELS, Functioning, Goal, Score
from services.programme.journey.domain import Journey
from services.programme.pathway.domain import Pathway
from services.programme.transition.domain import StageStatus
from services.programme.withdrawal.domain import Trend, Withdrawal, trend

NOTICE: Literal["redisclosure-only-with-consent"] = "redisclosure-only-with-consent"
SCOPES = ("pathway-summary", "full-record")


class StageSummary(BaseModel):
    """How a stage before the one that completes the journey stands: one entry a spell, or one without dates where there was none."""

    model_config = ConfigDict(frozen=True)

    stage: int
    code: str
    status: StageStatus
    spell: int | None = None
    organisation_id: UUID | None = None
    started_on: date | None = None
    ended_on: date | None = None
    how: str | None = None
    outcome: str | None = None
    reason: str | None = None


class Summary(BaseModel):
    """One view of a journey up to the stage that completes it, with the notice that goes with every disclosure."""

    model_config = ConfigDict(frozen=True)

    notice: Literal["redisclosure-only-with-consent"] = NOTICE
    journey_id: UUID
    person_id: UUID
    stages: list[StageSummary]
    open_goals: list[Goal]
    closing_scores: list[Score]
    latest_withdrawal: Withdrawal | None
    withdrawal_trend: Trend | None


def summarise(journey: Journey, pathway: Pathway, functioning: Functioning, withdrawal: Sequence[Withdrawal]) -> Summary:
    """The stages before the one that completes the journey: each end, outcome, reason, organisation; open goals, closing scores, latest
    withdrawal and its trend.
    """
    before = [state.stage for state in journey.stages if state.stage < pathway.completing.stage]
    closing = [functioning.closing(level) for level in LEVELS]
    return Summary(
        journey_id=journey.journey_id,
        person_id=journey.person_id,
        stages=[entry for stage in before for entry in _entries(journey, stage)],
        open_goals=list(functioning.open_goals()),
        closing_scores=[score for score in closing if score],
        latest_withdrawal=withdrawal[-1] if withdrawal else None,
        withdrawal_trend=trend(withdrawal),
    )


def _entries(journey: Journey, stage: int) -> list[StageSummary]:
    state = next(state for state in journey.stages if state.stage == stage)
    spells = [
        StageSummary.model_validate({**spell.model_dump(), "code": state.code, "status": state.status, "spell": spell.number})
        for spell in journey.spells_of(stage)
    ]
    return spells or [StageSummary(stage=stage, code=state.code, status=state.status, reason=state.reason)]
