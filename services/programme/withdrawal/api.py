"""Withdrawal symptoms on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, field_validator

from services.programme.withdrawal import service
from services.programme.withdrawal.domain import Withdrawal
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code

router_commands = commands("functioning")


class NewWithdrawal(Body):
    on: BusinessDate
    score: Annotated[int, Field(strict=True, ge=0, le=3, examples=[1])]


class WithdrawalScores(Body):
    """Many days at once, each once. `date_reason`: why one of them is of long ago."""

    scores: list[NewWithdrawal] = Field(min_length=1, max_length=400)
    date_reason: Code | None = Field(default=None, examples=["archive"])

    @field_validator("scores")
    @classmethod
    def _days_differ(cls, scores: list[NewWithdrawal]) -> list[NewWithdrawal]:
        if len({score.on for score in scores}) != len(scores):
            raise ValueError("a day twice")
        return scores


@router_commands.put("/journeys/{journey_id}/withdrawal-scores")
@allows(roles("clinician", "system"))
async def record_withdrawal(tx: CurrentTx, journey_id: UUID, body: WithdrawalScores) -> Done:
    """Score withdrawal symptoms, 0 none to 3 severe, by day. Source: mission row 002-38."""
    await service.record_scores(tx, journey_id, [Withdrawal(on=score.on, score=score.score) for score in body.scores], body.date_reason)
    return Done(id=journey_id, status="scored")
