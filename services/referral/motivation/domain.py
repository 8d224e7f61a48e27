"""Motivating acts: what stimulates a person to go on. Pure."""

from datetime import date
from typing import Literal

from shared.errors import refuse

ActKind = Literal["conversation", "motivational-interview", "family-meeting", "peer-visit", "accompanied-visit", "call", "letter", "other"]
ByRole = Literal["clinician", "coordinator", "psychologist", "social-worker", "peer", "family", "mentor", "clergy", "other"]


def check_act(acted_on: date, today: date) -> None:
    """Raises Refused("motivation-not-possible"). Source: mission row 002-06."""
    refuse("motivation-not-possible", {"on-not-in-future": acted_on > today})
