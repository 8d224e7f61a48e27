"""Motivating acts: what stimulates a person to go on. Pure."""

from collections.abc import Mapping
from typing import Literal

from shared.errors import refuse

ActKind = Literal["conversation", "motivational-interview", "family-meeting", "peer-visit", "accompanied-visit", "call", "letter", "other"]
ByRole = Literal["clinician", "coordinator", "psychologist", "social-worker", "peer", "family", "mentor", "clergy", "other"]


def check_act(dates: Mapping[str, bool]) -> None:
    """Raises Refused("motivation-not-possible"). `dates`: what is wrong with its day. Source: mission row 002-06."""
    refuse("motivation-not-possible", dates)
