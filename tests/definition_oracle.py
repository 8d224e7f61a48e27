"""Relapse definitions by brute force, written from the table of standards section 3, and random weeks to try them on. No test."""

import random
from collections.abc import Iterator

from services.programme.definition.domain import Result

RESULTS: tuple[Result, ...] = ("positive", "negative", "missing")
Weeks = list[Result]


def counts(weeks: Weeks, opens: int, length: int, *which: Result) -> int:
    """How many of the weeks opens .. opens + length - 1 are among `which`."""
    return sum(result in which for result in weeks[opens - 1 : opens - 1 + length])


def oracle(code: str, weeks: Weeks) -> tuple[int, int] | None:
    """Tries every week a window may open in, one rule a code, as the table says it."""
    for opens in range(1, len(weeks) + 1):
        met, length = {
            "consecutive-4": (counts(weeks, opens, 4, "positive", "missing") == 4, 4),
            "consecutive-4-from-week-3": (opens >= 3 and counts(weeks, opens, 4, "positive", "missing") == 4, 4),
            "consecutive-3": (counts(weeks, opens, 3, "positive", "missing") == 3, 3),
            "two-of-four": (opens + 3 <= len(weeks) and counts(weeks, opens, 4, "positive", "missing") >= 2, 4),
            "two-after-week-4": (opens >= 4 and counts(weeks, opens, 2, "positive", "missing") == 2, 2),
            "dropout-4-missing": (counts(weeks, opens, 4, "missing") == 4, 4),
        }[code]
        if met:
            return opens, opens + length - 1
    return None


def random_weeks(number: int, seed: int = 20260302) -> Iterator[Weeks]:
    """Sequences of 0 to 29 weeks; shares of results vary, so that windows open early, late and never."""
    chance = random.Random(seed)
    for _ in range(number):
        weights = [chance.random() + 0.01 for _ in RESULTS]
        yield chance.choices(RESULTS, weights, k=chance.randrange(0, 30))
