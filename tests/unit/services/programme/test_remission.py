"""The remission clock, and withdrawal symptoms."""

from datetime import date, timedelta

import pytest

from services.programme.day.domain import Days
from services.programme.functioning.domain import Functioning
from services.programme.remission.domain import Observed, observed_weeks, remission
from services.programme.summary.domain import summarise
from services.programme.weekly.domain import WeeklyRecord
from services.programme.withdrawal.domain import Withdrawal, check_scores, stage_on, trend
from shared.errors import Refused
from tests.builders_programme import a_journey, a_pathway, an_opened_journey, another_pathway, day

USED = Observed(on=date(2026, 1, 10), use=True)


def clean(on: date) -> Observed:
    return Observed(on=on, use=False)


@pytest.mark.parametrize(
    ("last", "label"),
    [
        (date(2026, 4, 9), "under-three-months"),
        (date(2026, 4, 10), "early"),
        (date(2027, 1, 10), "early"),
        (date(2027, 1, 11), "sustained"),
    ],
)
def test_labels_change_after_three_and_twelve_months(last: date, label: str) -> None:
    """Source: mission row 002-26, standards section 3."""
    found = remission([clean(last), USED], last)
    assert (found.label, found.last_use_on, found.last_observed_on, found.days) == (label, USED.on, last, (last - USED.on).days)


def test_who_was_not_observed_for_thirty_days_is_in_no_remission() -> None:
    """Source: mission row 002-26."""
    last = date(2026, 6, 1)
    assert remission([USED, clean(last)], last + timedelta(days=30)).label == "early"
    unseen = remission([USED, clean(last)], last + timedelta(days=31))
    assert (unseen.label, unseen.days, unseen.last_observed_on) == ("not-observed", None, last)
    assert remission([], last).label == "not-observed"


def test_a_missing_week_is_neither_use_nor_observation() -> None:
    record = WeeklyRecord(stage=2, spell=1, started_on=date(2026, 1, 5), weeks=24, results={1: "positive", 2: "missing", 3: "negative"})
    assert observed_weeks(record) == [Observed(on=date(2026, 1, 11), use=True), Observed(on=date(2026, 1, 25), use=False)]


def test_a_repeat_ends_the_count() -> None:
    """Source: mission row 002-46."""
    repeat = Observed(on=date(2026, 8, 1), use=True)
    assert remission([USED, clean(date(2026, 7, 1)), repeat], date(2026, 8, 2)).days == 0


def test_withdrawal_has_a_trend_and_a_stage() -> None:
    """Source: mission row 002-38."""
    scores = [Withdrawal(on=day(n), score=score) for n, score in ((1, 3), (2, 1), (3, 1), (4, 2))]
    assert [trend(scores[:n]) for n in range(1, 5)] == [None, "falling", "level", "rising"]
    journey = a_journey("completed", "started")
    assert [stage_on(journey, day(n)) for n in (1, 10, 19, 20)] == [1, 1, 1, 2]
    with pytest.raises(Refused):
        check_scores(scores, Days(day(3)), None, False)


def test_a_summary_shows_all_but_the_last_stage() -> None:
    """Source: mission row 002-03."""
    scores = [Withdrawal(on=day(1), score=3), Withdrawal(on=day(2), score=0)]
    summary = summarise(a_journey("completed", "left", "completed", "completed", "started"), a_pathway(), Functioning(), scores)
    assert [(entry.stage, entry.how) for entry in summary.stages] == [
        (1, "completed"),
        (2, "dropped-out"),
        (3, "completed"),
        (4, "completed"),
    ]
    assert summary.stages[1].reason == "moved"
    assert summary.latest_withdrawal == scores[1] and summary.withdrawal_trend == "falling"
    assert [entry.status for entry in summarise(an_opened_journey(), a_pathway(), Functioning(), []).stages] == ["planned"] * 4


def test_a_summary_ends_before_the_stage_that_completes_the_journey() -> None:
    """Source: mission row 002-03."""
    pathway = another_pathway("arrival", "work", "home")
    journey = a_journey("completed", "completed", pathway=pathway)
    assert [entry.code for entry in summarise(journey, pathway, Functioning(), []).stages] == ["arrival", "work"]
    alone = another_pathway("arrival")
    assert summarise(an_opened_journey(pathway=alone), alone, Functioning(), []).stages == []
