"""Corrections of what was recorded in a journey, on the wire. Of its stays, stages and completion: `correction/api.py`."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.programme.fact import service
from services.programme.functioning.domain import Moment
from services.programme.journey.domain import WHO
from shared.command import CurrentTx, Done, commands
from shared.events.programme import FunctionalLevel
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code

router_commands = commands("corrections")

CLINICAL = roles(*WHO)
Why = Annotated[Code, Field(examples=["wrong-person"])]


class InError(Body):
    """Why it is corrected, as a code."""

    correction_reason: Why


class ScoreInError(InError):
    """Which score is meant: its level, moment and day, or the day of the refusal."""

    level: FunctionalLevel = Field(examples=["social"])
    moment: Moment = Field(examples=["closing"])
    on: BusinessDate


class DayInError(InError):
    """`on`: the day whose score is meant."""

    on: BusinessDate


@router_commands.post("/journeys/{journey_id}/scores/entered-in-error")
@allows(CLINICAL)
async def withdraw_score(tx: CurrentTx, journey_id: UUID, body: ScoreInError) -> Done:
    """A score was none, such as of another person: by who entered it, or the holder. Source: issue of corrections, section 1."""
    await service.withdraw_score(tx, journey_id, (body.level, body.moment, body.on), body.correction_reason)
    return Done(id=journey_id, status="entered-in-error")


@router_commands.post("/journeys/{journey_id}/withdrawal-scores/entered-in-error")
@allows(CLINICAL)
async def withdraw_day(tx: CurrentTx, journey_id: UUID, body: DayInError) -> Done:
    """The withdrawal symptoms of a day were not scored: the day has no score."""
    await service.withdraw_day(tx, journey_id, body.on, body.correction_reason)
    return Done(id=journey_id, status="entered-in-error")
