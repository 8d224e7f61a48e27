"""Relapse definitions against a brute-force oracle written from the table of standards section 3."""

import random
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.programme.definition.domain import DEFINITIONS, evaluate
from tests.definition_oracle import RESULTS, Weeks, oracle, random_weeks


@given(st.sampled_from(sorted(DEFINITIONS)), st.lists(st.sampled_from(RESULTS), max_size=40))
def test_every_definition_equals_the_oracle(code: str, weeks: Weeks) -> None:
    assert evaluate(DEFINITIONS[code], weeks) == oracle(code, weeks)


@pytest.mark.parametrize("code", sorted(DEFINITIONS))
def test_ten_thousand_random_sequences_equal_the_oracle(code: str) -> None:
    """Source: standards section 3."""
    for weeks in random_weeks(10_000):
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
