"""What travels about a pathway: its stages with their codes and properties, and the five stages that hold where an event tells none."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

DEFAULT_PATHWAY = "addiction-rehabilitation"
"""The pathway of a service or referral that names none, and of every event from before there was a second one."""


class PathwayStage(BaseModel):
    """A stage of one version of a pathway; its position is its place in the list, from 1.

    `completes_the_journey`: a journey completes with it. `asks_for_support`: its start asks the family for support (002-24).
    `halfway`: who completed it is halfway through recovery (000-43).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    completes_the_journey: bool = False
    asks_for_support: bool = False
    halfway: bool = False


FIVE_STAGES = (
    PathwayStage(code="detoxification"),
    PathwayStage(code="treatment"),
    PathwayStage(code="medical-rehabilitation"),
    PathwayStage(code="social-rehabilitation", halfway=True),
    PathwayStage(code="resocialization", completes_the_journey=True, asks_for_support=True),
)
"""Source: mission row 002-01."""


def code_at(stages: Sequence[PathwayStage], position: int) -> str:
    """The code of the stage at a position; `stage-7` where the list does not reach so far, until its pathway has been heard of."""
    return stages[position - 1].code if 1 <= position <= len(stages) else f"stage-{position}"
