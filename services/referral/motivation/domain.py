"""Motivating acts: what stimulates a person to go on. Pure."""

from collections.abc import Mapping
from typing import Literal

from shared.errors import refuse

ActKind = Literal["conversation", "motivational-interview", "family-meeting", "peer-visit", "accompanied-visit", "call", "letter", "other"]
ByRole = Literal["clinician", "coordinator", "psychologist", "social-worker", "peer", "family", "mentor", "clergy", "other"]

ErrorReason = Literal["other-person", "entered-twice", "other"]
"""Why an act should not have been entered."""


def check_error(is_own: bool, decides: bool) -> None:
    """By who entered it, or who has the person. Raises Refused("motivation-not-possible"). Source: issue of corrections, section 1."""
    refuse("motivation-not-possible", {"right-party": not (is_own or decides)})


def check_act(dates: Mapping[str, bool]) -> None:
    """Raises Refused("motivation-not-possible"). `dates`: what is wrong with its day. Source: mission row 002-06."""
    refuse("motivation-not-possible", dates)
