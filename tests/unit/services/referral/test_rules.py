"""The rules of persons, organisations, regions, enquiries, and of which stage comes next."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.referral.enquiry.domain import Enquiry, check_answer
from services.referral.journey.domain import Spell, next_stage
from services.referral.motivation.domain import check_act
from services.referral.organisation.domain import check_entry, check_position
from services.referral.pathway.domain import REHABILITATION, Place, Stages, told_by
from services.referral.person.domain import Category, check_category, check_registration, life_period
from services.referral.region.domain import Region, check_districts
from shared.business_dates import unmet
from shared.errors import Refused
from shared.events.pathway import DEFAULT_PATHWAY
from shared.events.programme import JourneyOpened
from shared.working_days import end_of, working_day
from tests.builders_referral import CLINIC, NOW, TODAY, a_person, a_service, a_spell, an_organisation

STAGES = {DEFAULT_PATHWAY: REHABILITATION}
TOMORROW = TODAY + timedelta(days=1)
BACKWARDS = Category(code="addiction", since=TODAY, until=TODAY - timedelta(days=1))


def test_a_registration_is_refused_with_all_its_reasons() -> None:
    """Source: mission rows 001-03, 001-04, 002-43."""
    with pytest.raises(Refused) as refused:
        check_registration(a_person(categories=(BACKWARDS,)), False, unmet(TOMORROW, TODAY))
    assert refused.value.unmet == ("region-known", "date-not-in-future", "category-ends-after-it-begins")
    with pytest.raises(Refused):
        check_category(BACKWARDS, {})


@pytest.mark.parametrize(
    ("birth_on", "day", "period"),
    [
        (date(2008, 3, 2), TODAY, "adult"),
        (date(2008, 3, 3), TODAY, "minor"),
        (date(2008, 2, 29), date(2026, 2, 28), "minor"),
        (date(2008, 2, 29), date(2026, 3, 1), "adult"),
        (None, TODAY, "minor"),
    ],
)
def test_adult_begins_with_the_birthday_of_majority(birth_on: date | None, day: date, period: str) -> None:
    """Source: mission row 000-24."""
    assert life_period(birth_on, "minor", day, 18) == period


def test_an_entry_is_refused_with_all_its_reasons() -> None:
    """Source: mission rows 002-10, 002-43."""
    with pytest.raises(Refused) as refused:
        check_entry(an_organisation(services=(a_service(places_free=2), a_service(places_as_of=TOMORROW))), STAGES, False, TODAY)
    assert refused.value.unmet == ("region-known", "one-service-per-stage-and-programme", "places-with-as-of", "as-of-not-in-future")


def test_a_position_is_not_confirmed_in_advance() -> None:
    """Source: mission row 002-40."""
    with pytest.raises(Refused):
        check_position(TOMORROW, TODAY)


def test_a_motivating_act_was_done_before_it_is_recorded() -> None:
    """Source: mission row 002-06."""
    with pytest.raises(Refused):
        check_act(unmet(TOMORROW, TODAY))


def test_districts_hang_below_their_own_region() -> None:
    """Source: mission row 002-43."""
    district = Region(code="UZ-SA-URG", parent_code="UZ-TK", kind="district", name="Urgut")
    with pytest.raises(Refused) as refused:
        check_districts("UZ-TK", "district", [district, district])
    assert refused.value.unmet == ("below-a-region", "codes-begin-with-region", "codes-differ")


def test_an_enquiry_is_answered_once() -> None:
    """Source: mission row 001-11."""
    answered = Enquiry(
        enquiry_id=UUID(int=1),
        kind="question",
        text="?",
        asked_by="somebody",
        to_organisation_id=CLINIC,
        region="UZ-TK",
        asked_at=NOW,
        due_on=TODAY,
        overdue=False,
        answer="!",
        answered_at=NOW,
    )
    with pytest.raises(Refused):
        check_answer(answered)


def test_five_working_days_leave_out_weekends_and_public_holidays() -> None:
    """Women's Day, a Sunday in 2026, moves to Monday 9 March. Source: mission rows, "Deadlines"."""
    assert working_day(date(2026, 3, 2), 5, "UZ") == date(2026, 3, 10)
    assert working_day(date(2025, 12, 31), 1, "UZ") > date(2026, 1, 1)
    assert end_of(date(2026, 3, 9)).isoformat() == "2026-03-10T00:00:00+00:00"


@pytest.mark.parametrize(
    ("spells", "skipped", "ended", "expected"),
    [
        ([a_spell(1, ended="completed")], [], (1, 1), 2),
        ([a_spell(1, ended="completed"), a_spell(2, seq=2)], [], (1, 1), None),
        ([a_spell(1, ended="completed"), a_spell(2, seq=2, ended="dropped-out")], [], (1, 1), None),
        ([a_spell(2, 2, seq=9, ended="completed"), a_spell(3, seq=5, ended="dropped-out")], [], (2, 2), 3),
        ([a_spell(2, 2, seq=9, ended="completed"), a_spell(3, seq=5)], [], (2, 2), None),
        ([a_spell(1, ended="completed")], [2, 3], (1, 1), 4),
        ([a_spell(5, ended="completed")], [], (5, 1), None),
        ([], [], (1, 1), 2),
        ([a_spell(2, seq=4)], [], (1, 1), None),
    ],
)
def test_which_stage_is_opened_after_an_end(spells: list[Spell], skipped: list[int], ended: tuple[int, int], expected: int | None) -> None:
    """Source: mission rows 002-01, 002-15; contracts section 3 (opens nothing if the next stage was already started)."""
    assert next_stage(spells, skipped, ended, 5) == expected


@pytest.mark.parametrize(("ended", "count", "expected"), [(1, 1, None), (5, 20, 6), (19, 20, 20), (20, 20, None), (3, 3, None)])
def test_a_journey_has_as_many_stages_as_its_pathway(ended: int, count: int, expected: int | None) -> None:
    """Source: contracts section 3."""
    assert next_stage([a_spell(ended, ended="completed")], [], (ended, 1), count) == expected


def test_a_position_means_the_stage_of_its_own_pathway() -> None:
    """Source: contracts section 3."""
    assert REHABILITATION.place(2) == Place(DEFAULT_PATHWAY, 2, "treatment")
    prison = Stages("return-from-prison", ("arrival", "work"), are_all=True)
    assert [prison.place(stage).code for stage in (1, 2, 3)] == ["arrival", "work", "stage-3"]
    assert (prison.lacks(2), prison.lacks(3), prison.size) == (False, True, 2)


def test_a_pathway_alone_may_have_more_stages_than_heard() -> None:
    """A newer version may be published; only addiction-rehabilitation has five for good. Source: mission row 002-01."""
    assert not Stages("return-from-prison", ("arrival",)).lacks(2)
    assert not Stages("unheard-of").lacks(17)
    assert REHABILITATION.lacks(6) and not REHABILITATION.lacks(5)
    assert Stages("unheard-of").size == 5


def test_an_entry_offers_stages_that_there_are() -> None:
    """By pathway: stage 2 of one is another service than stage 2 of another. Source: mission rows 002-01, 002-10."""
    stages = {**STAGES, "return-from-prison": Stages("return-from-prison")}
    both = an_organisation(services=(a_service(), a_service(pathway="return-from-prison")))
    check_entry(both, stages, True, TODAY)
    assert [s.stage_code for s in both.with_codes(stages).services] == ["treatment", "stage-2"]
    assert [s.pathway for s in both.changed().services] == [DEFAULT_PATHWAY, "return-from-prison"]
    with pytest.raises(Refused) as refused:
        check_entry(an_organisation(services=(a_service(stage=6),)), stages, True, TODAY)
    assert refused.value.unmet == ("stage-of-the-pathway",)


def test_an_older_opening_tells_the_stages_of_addiction_rehabilitation_alone() -> None:
    """Source: mission row 002-01; another pathway's codes were told by nobody then."""
    body: dict[str, Any] = {"person_id": str(CLINIC), "journey_id": str(CLINIC), "organisation_id": str(CLINIC), "version": 1}
    body |= {"opened_on": "2026-03-02"}
    told = told_by(JourneyOpened.model_validate(body | {"pathway": DEFAULT_PATHWAY}))
    assert told and told[3:] == ("social-rehabilitation", "resocialization")
    assert told_by(JourneyOpened.model_validate(body | {"pathway": "return-from-prison"})) is None
    stages = [{"code": "arrival"}, {"code": "home", "completes_the_journey": True}]
    assert told_by(JourneyOpened.model_validate(body | {"pathway": "return-from-prison", "stages": stages})) == ("arrival", "home")
