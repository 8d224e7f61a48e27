"""Stays: which of several facts counts, and how a stay stands. Pure."""

from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest

from services.family.correction.domain import news, unfounded
from services.family.stay import domain
from services.family.stay.domain import StayFact, folded
from tests.builders_family import DAY, Way

WAY = Way()
START, END = domain.of_start(WAY.started(), 2), domain.of_end(WAY.completed(), 3)
GOES_ON, NEVER = domain.of_correction(WAY.corrected(), 4), domain.of_correction(WAY.corrected(started_on=None), 5)


@pytest.mark.parametrize("facts", list(permutations([START, END, GOES_ON, NEVER])))
def test_the_newest_fact_wins_in_whatever_order_they_come(facts: tuple[StayFact, ...]) -> None:
    for count in (2, 3, 4):
        (fact,) = folded(sorted(facts, key=lambda f: f.seq)[:count])
        assert [fact] == folded(f for f in facts if f.seq <= count + 1)
    assert folded(facts) == [NEVER]


def test_an_end_keeps_the_start_it_follows() -> None:
    (fact,) = folded([END, START])
    assert (fact.seq, fact.has_ended, fact.how, fact.started_on, fact.says_start) == (3, True, "completed", DAY, True)
    assert folded([END]) == [END], "of a start that is kept already, or never was"


def test_a_correction_of_an_opening_makes_none() -> None:
    """It may have been opened by an acceptance, which gave its opener nothing."""
    opened, later = domain.of_opening(WAY.opened(), 1), domain.of_opening(WAY.opening_corrected(DAY + timedelta(days=1)), 2)
    assert [fact.must_exist for fact in folded([later])] == [True]
    assert [(fact.must_exist, fact.started_on) for fact in folded([later, opened])] == [(False, DAY + timedelta(days=1))]


def test_stays_and_journeys_are_kept_apart() -> None:
    others = [START._replace(spell=2), START._replace(stage=2), START._replace(journey_id=uuid4())]
    assert len(folded([START, *others])) == 4


@pytest.mark.parametrize(
    ("fact", "standing"),
    [
        (START, "open"),
        (START._replace(has_ended=True, how="completed"), "completed"),
        (domain.of_correction(WAY.corrected(how="transferred", ended_on=DAY), 4), "left"),
        (domain.of_correction(WAY.corrected(how="died", ended_on=DAY), 4), "died"),
        (START._replace(has_ended=True), None),
        (GOES_ON, "open"),
        (NEVER, "none"),
    ],
)
def test_how_a_stay_stands(fact: StayFact, standing: str | None) -> None:
    assert domain.standing_of(fact.started_on, fact.has_ended, fact.how) == standing


def test_what_does_not_hold_and_what_is_news() -> None:
    assert set(unfounded("none")) == {"stage-started", "support", "stage-completed", "stage-left", "change"}
    assert unfounded("open") == ("stage-completed", "stage-left") and unfounded("died") == unfounded("open")
    assert [notice.kind for notice in news("left", "completed", asks_for_support=False)] == ["stage-completed"]
    assert [notice.kind for notice in news("none", "open", asks_for_support=True)] == ["support"]
    assert news("completed", "died", asks_for_support=False) == () == news(None, "completed", asks_for_support=False)
