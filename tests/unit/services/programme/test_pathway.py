"""The pathway as data, and what a new version must be."""

from uuid import UUID

import pytest

from services.programme.definition.domain import DEFINITIONS
from services.programme.journey.opening import Opening, open_journey
from services.programme.pathway.domain import (
    ADAPTATION_GOALS,
    FIVE_STAGES,
    Pathway,
    StageRule,
    change_status,
    check_stages,
    with_properties,
)
from shared.errors import Refused
from shared.events import pathway as wire
from tests.builders_programme import DAY, NGO, TODAY, a_pathway, another_pathway

KNOWN = frozenset(DEFINITIONS)


def test_addiction_rehabilitation_has_exactly_five_ordered_stages() -> None:
    """Source: mission row 002-01."""
    stages = a_pathway().stages
    assert [(rule.stage, rule.code) for rule in stages] == list(enumerate(FIVE_STAGES, start=1))
    assert [rule.needs_medical_organisation for rule in stages] == [True, False, False, False, False]
    assert stages[1].planned_weeks == 24
    assert stages[3].planned_months == (6, 12)
    check_stages("addiction-rehabilitation", stages, KNOWN)


def test_a_new_version_names_all_that_is_wrong() -> None:
    """Source: mission row 002-12."""
    stages = (
        StageRule(stage=2, code="a", planned_weeks=1, planned_months=(6, 3), titles={"en": "A"}),
        StageRule(stage=3, code="a", planned_weeks=1, relapse_reopens=9, relapse_definitions=("unheard-of",)),
    )
    with pytest.raises(Refused) as refused:
        check_stages("addiction-rehabilitation", stages, KNOWN)
    assert refused.value.unmet == (
        "stages-numbered-in-order",
        "stage-codes-differ",
        "five-stages-of-rehabilitation",
        "one-stage-completes-the-journey",
        "titles-in-all-languages",
        "relapse-reopens-own-stage",
        "relapse-definitions-known",
        "planned-months-in-order",
    )


@pytest.mark.parametrize("count", [1, 3, 20])
def test_a_pathway_has_as_many_stages_as_it_needs(count: int) -> None:
    """Source: mission row 002-12."""
    stages = another_pathway(*(f"step-{number}" for number in range(1, count + 1))).stages
    check_stages("return-from-prison", stages, KNOWN)
    assert [rule.completes_the_journey for rule in stages] == [False] * (count - 1) + [True]
    assert not any(rule.needs_four_levels or rule.asks_for_support or rule.halfway or rule.adaptation_goals for rule in stages)


def test_exactly_one_stage_completes_the_journey() -> None:
    """Source: mission row 002-02."""
    for last in ({"completes_the_journey": False}, {"completes_the_journey": True, "code": "other"}):
        stages = another_pathway("arrival", "home", **last).stages
        both = (stages[0].model_copy(update={"completes_the_journey": True}), stages[1])
        wrong = both if stages[1].completes_the_journey else stages
        with pytest.raises(Refused) as refused:
            check_stages("return-from-prison", wrong, KNOWN)
        assert refused.value.unmet == ("one-stage-completes-the-journey",)


def test_a_stage_has_its_title_in_four_languages_or_none() -> None:
    titles = {"uz-Latn": "Uy", "uz-Cyrl": "Уй", "ru": "Дом", "en": "Home"}
    check_stages("return-from-prison", another_pathway("home", titles=titles).stages, KNOWN)
    with pytest.raises(Refused) as refused:
        check_stages("return-from-prison", another_pathway("home", titles={"en": "Home"}).stages, KNOWN)
    assert refused.value.unmet == ("titles-in-all-languages",)
    assert all(len(rule.titles) == 4 for rule in a_pathway().stages)


def test_what_is_not_said_of_rehabilitation_is_as_its_rows_ask() -> None:
    """By code, whatever the order. Source: mission rows 002-02, 002-24, 002-31, 000-43, 000-59."""
    said = [{"stage": number, "code": code, "planned_weeks": 1} for number, code in enumerate(FIVE_STAGES, start=1)]
    *_, social, last = with_properties("addiction-rehabilitation", said)
    assert social.halfway and not social.completes_the_journey
    assert last.completes_the_journey and last.asks_for_support and last.needs_four_levels and last.adaptation_goals == ADAPTATION_GOALS
    assert not any(rule.natural_environment for rule in (social, last)), "a published version never changes its demands"
    said[4] |= {"asks_for_support": False, "natural_environment": True}
    other = with_properties("addiction-rehabilitation", said)[4]
    assert (other.asks_for_support, other.natural_environment, other.needs_four_levels) == (False, True, True)


def test_the_opening_of_a_journey_tells_the_stages_of_its_version() -> None:
    """Source: contracts section 3."""
    opening = Opening(person_id=UUID(int=1), organisation_id=NGO, opened_on=DAY)

    def told(pathway: Pathway) -> tuple[wire.PathwayStage, ...]:
        return open_journey(UUID(int=2), pathway, opening, TODAY)[1][0].stages

    assert told(a_pathway()) == wire.FIVE_STAGES
    assert told(another_pathway("arrival", "home", halfway=True)) == (
        wire.PathwayStage(code="arrival"),
        wire.PathwayStage(code="home", completes_the_journey=True, halfway=True),
    )


def test_a_version_is_published_once_and_retired_for_good() -> None:
    assert change_status(change_status("draft", "published"), "retired") == "retired"
    for status, to in (("published", "published"), ("retired", "published"), ("retired", "retired")):
        with pytest.raises(Refused):
            change_status(status, to)  # type: ignore[arg-type]
