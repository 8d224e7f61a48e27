"""Relapse definitions against a brute-force oracle written from the table of standards section 3."""

import random
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.programme.definition.domain import DEFINITIONS, Result, evaluate

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


@given(st.sampled_from(sorted(DEFINITIONS)), st.lists(st.sampled_from(RESULTS), max_size=40))
def test_every_definition_equals_the_oracle(code: str, weeks: Weeks) -> None:
    assert evaluate(DEFINITIONS[code], weeks) == oracle(code, weeks)


@pytest.mark.parametrize("code", sorted(DEFINITIONS))
def test_ten_thousand_random_sequences_equal_the_oracle(code: str) -> None:
    """Shares of results vary, so that windows open early, late and never. Source: issue 3 section 7, point 5."""
    chance = random.Random(20260302)
    for _ in range(10_000):
        weights = [chance.random() + 0.01 for _ in RESULTS]
        weeks: Weeks = chance.choices(RESULTS, weights, k=chance.randrange(0, 30))
        assert evaluate(DEFINITIONS[code], weeks) == oracle(code, weeks), (code, weeks)


def test_two_of_four_waits_for_all_four_weeks() -> None:
    assert evaluate(DEFINITIONS["two-of-four"], ["positive", "positive", "negative"]) is None
    assert evaluate(DEFINITIONS["two-of-four"], ["positive", "positive", "negative", "negative"]) == (1, 4)


def test_dropout_is_no_relapse_and_counts_missing_alone() -> None:
    assert not DEFINITIONS["dropout-4-missing"].is_relapse
    assert evaluate(DEFINITIONS["dropout-4-missing"], ["missing", "positive", "missing", "missing", "missing"]) is None


def test_a_thousand_sequences_of_sixty_weeks_are_quick() -> None:
    """The rule alone; over HTTP it is measured in the integration test."""
    chance = random.Random(1)
    sequences: list[Weeks] = [chance.choices(RESULTS, (1, 8, 1), k=60) for _ in range(1000)]
    began = perf_counter()
    for weeks in sequences:
        evaluate(DEFINITIONS["consecutive-4"], weeks)
    assert perf_counter() - began < 0.1
