"""The one rule for dates that people enter."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from shared.business_dates import is_unlikely, today, unmet
from shared.settings import ServiceSettings
from shared.web import Body, BusinessDate

DAY = date(2026, 3, 2)


class Dated(Body):
    on: BusinessDate


def test_today_is_the_day_of_the_time_zone() -> None:
    late = datetime(2026, 3, 1, 19, 0, tzinfo=UTC)
    assert today(late, ServiceSettings()) == DAY
    assert today(late, ServiceSettings(time_zone="America/New_York")) == date(2026, 3, 1)


def test_a_time_zone_exists() -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(time_zone="Asia/Nowhere")


@pytest.mark.parametrize(
    ("day", "known", "wrong"),
    [
        (DAY, {}, set()),
        (date(2026, 3, 3), {}, {"date-not-in-future"}),
        (DAY, {"birth_on": DAY, "not_before": DAY, "died_on": DAY}, set()),
        (date(2026, 3, 1), {"birth_on": DAY, "not_before": DAY}, {"not-before-birth", "not-before-what-it-follows"}),
        (DAY, {"died_on": date(2026, 3, 1)}, {"not-after-death"}),
    ],
)
def test_what_is_wrong_with_a_date(day: date, known: dict[str, date], wrong: set[str]) -> None:
    assert {name for name, is_wrong in unmet(day, DAY, **known).items() if is_wrong} == wrong


@pytest.mark.parametrize(("day", "since", "unlikely"), [(DAY, None, False), (DAY, date(2026, 3, 3), True), (date(1946, 3, 2), None, True)])
def test_what_is_possible_and_unlikely(day: date, since: date | None, unlikely: bool) -> None:
    assert is_unlikely(day, DAY, since) is unlikely


@pytest.mark.parametrize("text", ['"2026-03-02T00:00:00"', "1772409600", '"1772409600"', '"20260302"', '"2026-3-2"', "null", "true", "[]"])
def test_a_date_is_an_iso_date_and_nothing_else(text: str) -> None:
    assert Dated.model_validate_json('{"on": "2026-03-02"}').on == DAY
    with pytest.raises(ValidationError) as refused:
        Dated.model_validate_json(f'{{"on": {text}}}')
    assert [error["type"] for error in refused.value.errors()] == ["iso_date"]


def test_a_day_that_is_not_in_the_calendar_is_no_date() -> None:
    with pytest.raises(ValidationError):
        Dated.model_validate_json('{"on": "2026-02-30"}')
