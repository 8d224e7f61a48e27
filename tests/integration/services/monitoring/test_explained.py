"""A release explains itself: its words with the limits and settings it was made under; the long form says the same as the rows."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.monitoring import settings as configured
from services.monitoring.release import service as releases
from services.monitoring.settings import Settings
from tests.harness import ServiceUnderTest
from tests.integration.services.monitoring.test_releases import ANALYST, CLINIC, SOUTH, persons, release, rows


async def words(service: ServiceUnderTest, query: str = "") -> dict[str, str]:
    answer = await service.call("GET", f"/definitions{query}", ANALYST)
    assert answer.status_code == 200, answer.text
    return {entry["code"]: entry["text"] for entry in answer.json()}


async def test_each_release_keeps_the_words_it_was_made_under(monitoring: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    await release(monitoring)
    first = monitoring.now.isoformat().replace("+00:00", "Z")
    changed = Settings(threshold=20, acknowledge_working_days=3)
    for module in (releases, configured):
        monkeypatch.setattr(module, "settings", lambda: changed)
    monitoring.now += timedelta(days=1)
    assert "within 10 working days" in (await words(monitoring))["interaction"], "the newest release's, whatever is in force now"
    await release(monitoring)
    assert "within 3 working days" in (await words(monitoring))["interaction"]
    assert "within 10 working days" in (await words(monitoring, f"?as_of={first}"))["interaction"]
    newest, oldest = await rows(monitoring, "/releases")
    assert (newest["threshold"], newest["limits"]["acknowledge_working_days"]) == (20, 3)
    assert (oldest["threshold"], oldest["limits"]["acknowledge_working_days"]) == (11, 10)


async def test_a_limit_that_was_told_stands_in_the_words(monitoring: ServiceUnderTest) -> None:
    [story] = await persons(monitoring, 1, date(2026, 1, 10), None)
    await monitoring.deliver(story.referred(uuid4(), 2, SOUTH, limit_days=30))
    assert "told here: none" in (await words(monitoring))["handover"], "before the first release: of the settings in force"
    await release(monitoring)
    assert "told here: 30 days; where none was told, 21 days" in (await words(monitoring))["handover"]


async def test_a_release_from_before_texts_were_kept_is_not_explained_by_todays(monitoring: ServiceUnderTest) -> None:
    await monitoring.fetch("INSERT INTO release (as_of, closed_until, made_at) VALUES ('2025-12-02', '2025-11-30', '2025-12-02')")
    answer = await monitoring.call("GET", "/definitions?as_of=2025-12-02T00:00:00Z", ANALYST)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:throughcare:problem:definitions-not-found")
    assert (await monitoring.call("GET", "/definitions?as_of=2024-01-01T00:00:00Z", ANALYST)).status_code == 404
    assert (await rows(monitoring, "/releases"))[0]["threshold"] is None


async def test_a_higher_threshold_withholds_more(monitoring: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    await persons(monitoring, 15, date(2026, 1, 10), 3)
    await persons(monitoring, 40, date(2026, 1, 10), None)
    await release(monitoring)
    assert (await rows(monitoring, "/handovers"))[0]["lost"] == 40
    monkeypatch.setattr(releases, "settings", lambda: Settings(threshold=20))
    monitoring.now += timedelta(days=1)
    await release(monitoring)
    assert (await rows(monitoring, "/handovers"))[0]["lost"] is None


def test_nobody_lowers_the_threshold_below_the_standard() -> None:
    """Source: standards section 5."""
    with pytest.raises(ValueError, match="threshold"):
        Settings(threshold=10)


NOT_MEASURES = {"pathway", "from_stage", "to_stage", "region", "programme", "period", "numerator", "denominator", "definition", "as_of"}


async def test_the_long_form_says_what_the_rows_say(monitoring: ServiceUnderTest) -> None:
    for at, number, after in ((CLINIC, 30, 3), (SOUTH, 25, 40), (CLINIC, 14, None)):
        await persons(monitoring, number, date(2026, 1, 10), after, at)
    await release(monitoring)
    long = await rows(monitoring, "/figures/handover?limit=200")
    for row in await rows(monitoring, "/handovers"):
        grain = next((name for name in ("region", "programme", "period") if row[name]), "all")
        told = {one["measure"]: one for one in long if one["grain"] == grain and (grain == "all" or one[grain] == row[grain])}
        flat: dict[str, Any] = {**row, **{f"within_{days}": value for days, value in row["within_days"].items()}}
        numbers = {name: value for name, value in flat.items() if isinstance(value, int) and name not in NOT_MEASURES | {"withheld"}}
        assert numbers and {name: told[name]["value"] for name in numbers} == numbers
        assert (told["rate"]["value"], told["rate"]["numerator"], told["rate"]["denominator"]) == (
            row["rate"],
            row["numerator"],
            row["denominator"],
        )


async def test_a_sum_within_a_grain_is_the_whole_and_totals_stand_apart(monitoring: ServiceUnderTest) -> None:
    await persons(monitoring, 30, date(2026, 1, 10), 3)
    await persons(monitoring, 25, date(2026, 1, 12), 3, SOUTH)
    await release(monitoring)
    sums: defaultdict[str, float] = defaultdict(float)
    for row in await rows(monitoring, "/figures/stage?measure=started&limit=200"):
        if row["subject"] == {"stage": "detoxification"}:
            sums[row["grain"]] += row["value"]
    assert sums == {"all": 55, "region": 55, "programme": 55, "period": 55}


async def test_numbers_of_the_same_persons_say_so_in_the_same_words(monitoring: ServiceUnderTest) -> None:
    await persons(monitoring, 30, date(2026, 1, 10), 3)
    await release(monitoring)
    [completed] = [row for row in await rows(monitoring, "/figures/handover?grain=all&measure=completed")]
    counted = {row["persons"] for row in await rows(monitoring, "/figures/stage?grain=all&measure=completed")}
    assert completed["persons"] == "persons who completed detoxification of addiction-rehabilitation"
    assert completed["persons"] in counted


async def test_a_figure_without_rows_of_its_own_has_no_long_form(monitoring: ServiceUnderTest) -> None:
    await release(monitoring)
    for name in ("cooperation", "nothing"):
        assert (await monitoring.call("GET", f"/figures/{name}", ANALYST)).status_code == 404
