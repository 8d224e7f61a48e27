"""Texts: every kind in every language, neutral, and a broken file stops the start. Source: privacy section 6, mission row 000-25."""

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from services.family.message.wording import KINDS, LANGUAGES, UNCOUNTED, WORDING, Step, WordingBroken, checked

RAW = tomllib.loads(Path("services/family/message/wording.toml").read_text(encoding="utf-8"))
TELLING = (
    "clinic",
    "hospital",
    "drug",
    "addict",
    "relapse",
    "detox",
    "treatment",
    "diagnos",
    "http",
    "клиник",
    "нарко",
    "лечен",
    "рецидив",
    "срыв",
)
TELLING_UZ = ("klinika", "narko", "giyoh", "davola", "shifoxona")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_a_text_with_its_step_filled_in(language: str) -> None:
    for kind in KINDS:
        text = WORDING.text(kind, language, Step(2, 5), None)
        assert "None" not in text and "{" not in text
    assert "2" in WORDING.text("stage-completed", language, Step(2, 5), None) and "5" in WORDING.text(
        "stage-completed", language, Step(2, 5), None
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_step_of_unknown_many_is_named_alone(language: str) -> None:
    for kind in KINDS:
        text = WORDING.text(kind, language, Step(2, None), None)
        assert "None" not in text and "{" not in text and "5" not in text
    assert "2" in WORDING.text("stage-completed", language, Step(2, None), None)


def test_support_is_asked_for_at_the_last_step_or_before() -> None:
    """Source: mission row 002-24."""
    texts = [WORDING.text("support", "en", step, period) for step in (Step(3, 3), Step(2, 3), Step(2, None)) for period in (None, "minor")]
    assert [text.partition(" step")[0] for text in texts] == ["The last", "The last", *["A new"] * 4]
    assert len(set(texts)) == 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_tells_of_a_clinic_a_substance_or_a_relapse(language: str) -> None:
    texts = [WORDING.subject[language], WORDING.hint[language], *(texts[language] for texts in WORDING.full.values())]
    assert not [text for text in texts if any(word in text.lower() for word in TELLING + TELLING_UZ)]


def test_what_leaves_says_only_that_there_is_something_to_read() -> None:
    assert WORDING.hint["en"] == "You have a new message. Sign in to read it."


def test_a_young_persons_circle_is_addressed_in_another_role() -> None:
    """Source: mission row 000-25."""
    assert (
        WORDING.text("support", "en", Step(5, 5), "minor")
        != WORDING.text("support", "en", Step(5, 5), "adult")
        == WORDING.text("support", "en", Step(5, 5), None)
    )


def _without_language(raw: Any) -> None:
    del raw["full"]["change"]["ru"]


def _without_kind(raw: Any) -> None:
    del raw["full"]["change"]


def _counted_alone(raw: Any) -> None:
    del raw["full"][f"stage-started{UNCOUNTED}"]


def _uncounted_that_counts(raw: Any) -> None:
    raw["full"][f"stage-started{UNCOUNTED}"]["en"] = "Step {stage} of {stages}."


def _with_a_name(raw: Any) -> None:
    raw["full"]["change"]["en"] = "Something has changed for {person}."


def _with_a_link(raw: Any) -> None:
    raw["hint"]["en"] = "Step {stage} was completed."


def _empty(raw: Any) -> None:
    raw["subject"]["uz-Latn"] = " "


@pytest.mark.parametrize(
    "broken", [_without_language, _without_kind, _counted_alone, _uncounted_that_counts, _with_a_name, _with_a_link, _empty]
)
def test_a_broken_text_stops_the_start(broken: Any) -> None:
    raw = copy.deepcopy(RAW)
    broken(raw)
    with pytest.raises(WordingBroken):
        checked(raw)
