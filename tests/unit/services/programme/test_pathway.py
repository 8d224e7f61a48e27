"""The pathway as data, and what a new version must be."""

import pytest

from services.programme.definition.domain import DEFINITIONS
from services.programme.pathway.domain import FIVE_STAGES, StageRule, change_status, check_stages
from shared.errors import Refused
from tests.builders_programme import a_pathway

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
        StageRule(stage=2, code="a", planned_weeks=1, planned_months=(6, 3)),
        StageRule(stage=3, code="a", planned_weeks=1, relapse_reopens=9, relapse_definitions=("unheard-of",)),
    )
    with pytest.raises(Refused) as refused:
        check_stages("addiction-rehabilitation", stages, KNOWN)
    assert refused.value.unmet == (
        "stages-numbered-in-order",
        "stage-codes-differ",
        "five-stages-of-rehabilitation",
        "relapse-reopens-own-stage",
        "relapse-definitions-known",
        "planned-months-in-order",
    )


def test_every_pathway_has_as_many_stages_as_the_hand_overs_count() -> None:
    """Referral opens the next stage up to the fifth and never hears how many there are. Source: contracts section 3."""
    stages = tuple(rule.model_copy(update={"code": f"stage-{rule.stage}"}) for rule in a_pathway().stages)
    check_stages("return-from-prison", stages, KNOWN)
    with pytest.raises(Refused) as refused:
        check_stages("return-from-prison", stages[:3], KNOWN)
    assert refused.value.unmet == ("five-stages",)


def test_a_version_is_published_once_and_retired_for_good() -> None:
    assert change_status(change_status("draft", "published"), "retired") == "retired"
    for status, to in (("published", "published"), ("retired", "published"), ("retired", "retired")):
        with pytest.raises(Refused):
            change_status(status, to)  # type: ignore[arg-type]
