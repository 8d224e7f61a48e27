"""The signs of a concern: what a report must hold, when it is severe, what others are told. Source: mission rows 000-08..15, OUR-05."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest

from services.family.concern import domain
from services.family.concern.domain import SIGNS, By, Concern, SeenSign, SignCode
from services.family.concern.service import answer_due
from shared.errors import Refused
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernRead, ConcernSigned, ConcernWithdrawn

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PERSON = UUID(int=1)
LATER = NOW + timedelta(days=1)
WE = By("a-liaison", UUID(int=2))


def a_sign(sign: str, before: str | None = "4-5", now: str | None = "2", group: str | None = None) -> SeenSign:
    return SeenSign.model_validate({"sign": sign, "before": before, "now": now, "group": group})


def a_concern(**changes: Any) -> Concern:
    values = {
        "concern_id": uuid4(),
        "person_id": PERSON,
        "linked": True,
        "raised_by": "contact",
        "raised_by_organisation_id": None,
        "raised_at": NOW,
        "severity": "mild",
        "signs": (a_sign("apathy"),),
        "description": None,
        "worldview": "not-known",
    }
    return Concern.model_validate({**values, **changes})


def test_every_sign_has_its_depth_and_row() -> None:
    assert set(SIGNS) == set(get_args(SignCode))
    assert {sign.source for sign in SIGNS.values()} == {"000-08", "000-11", "000-12", "000-13", "000-14", "000-15"}


@pytest.mark.parametrize("sign", [code for code, sign in SIGNS.items() if sign.depth == "mild"])
def test_signs_that_only_close_people_see_are_mild(sign: str) -> None:
    """Source: mission row 000-08."""
    assert domain.severity_of([a_sign(sign, None, None)], "no") == "mild"


@pytest.mark.parametrize("sign", [code for code, sign in SIGNS.items() if sign.depth == "deep"])
def test_deep_signs_are_severe_unless_a_worldview_explains_them(sign: str) -> None:
    """Source: mission rows 000-09, 000-11..14."""
    seen = [a_sign(sign, group="non-risk")]
    assert [domain.severity_of(seen, answer) for answer in ("no", "not-known", "yes")] == ["severe", "severe", "mild"]


def test_leaving_a_group_of_risk_is_an_achievement() -> None:
    """Source: mission row 000-14."""
    assert domain.severity_of([a_sign("left-group", group="risk")], "no") == "mild"


def test_recruitment_is_severe_whatever_explains_it() -> None:
    """Source: mission row 000-15."""
    assert domain.severity_of([a_sign("recruitment", None, None)], "yes") == "severe"


def test_a_report_names_all_it_lacks() -> None:
    """Source: mission rows 000-11, 000-12, 000-14."""
    with pytest.raises(Refused) as empty:
        domain.must_be_raisable([], None)
    assert empty.value.unmet == ("a-sign-or-a-description",)
    with pytest.raises(Refused) as incomplete:
        domain.must_be_raisable([a_sign("left-group", None), a_sign("apathy"), a_sign("apathy")], None)
    assert incomplete.value.unmet == ("each-sign-once", "before-and-now", "group-of-risk-or-not")


def test_others_are_told_codes_of_a_linked_concern_and_nothing_of_any_other() -> None:
    concern = a_concern(signs=(a_sign("grades-fell"), a_sign("apathy")), severity="severe", description="words")
    about = {"person_id": PERSON, "concern_id": concern.concern_id}
    assert domain.raised(concern) == [ConcernRaised(**about, severity="severe"), ConcernSigned(**about, signs=("grades-fell", "apathy"))]
    assert domain.raised(a_concern(linked=False)) == []
    assert domain.raised(a_concern(person_id=None)) == []


def test_the_first_reading_counts() -> None:
    """Source: OUR-05."""
    concern, facts = domain.read(a_concern(), NOW)
    assert [type(fact) for fact in facts] == [ConcernRead]
    again, none = domain.read(concern, NOW + timedelta(days=1))
    assert (again.read_at, none) == (NOW, [])


def test_an_answer_reads_ends_the_clock_and_is_given_once() -> None:
    concern, facts = domain.answered(a_concern(), "talked", None, WE, NOW)
    assert [type(fact) for fact in facts] == [ConcernRead, ConcernAnswered]
    assert domain.escalated(concern, NOW) == (concern, [])
    with pytest.raises(Refused, match="concern-already-answered"):
        domain.answered(concern, "talked", None, WE, NOW)


def test_an_answer_is_amended_by_who_gave_it_and_what_it_said_is_kept() -> None:
    """Source: issue of corrections."""
    answered, _ = domain.answered(a_concern(), "talked", "words", WE, NOW)
    amended = domain.amended(answered, ("referred", None), "mistyped", By("a-colleague", WE.organisation_id), LATER)
    assert (amended.measure, amended.note, amended.answered_at) == ("referred", None, NOW)
    (former,) = amended.former_answers
    assert (former.measure, former.note, former.reason, former.at, former.by) == ("talked", "words", "mistyped", LATER, "a-colleague")
    assert domain.amended(amended, ("referred", None), "other", WE, LATER) == amended, "a second time changes nothing"
    for concern, by, unmet in (
        (a_concern(), WE, "answered"),
        (answered, By(WE.sub, uuid4()), "answered-by-own-organisation"),
        (answered.model_copy(update={"error_at": NOW}), WE, "concern-stands"),
    ):
        with pytest.raises(Refused, match="answer-not-amendable") as refused:
            domain.amended(concern, ("referred", None), "mistyped", by, LATER)
        assert refused.value.unmet == (unmet,)
    before_it_was_kept = answered.model_copy(update={"answered_by": None, "answered_by_organisation_id": None})
    assert domain.amended(before_it_was_kept, ("other", None), "mistyped", WE, LATER).measure == "other"


def test_one_entered_in_error_waits_for_nobody_and_its_first_reason_stays() -> None:
    """Source: issue of corrections."""
    concern = a_concern(told_at=NOW)
    wrong = domain.entered_in_error(concern, "other-person", WE, NOW, reaches=False)
    assert (wrong.error_reason, wrong.error_at, wrong.error_by) == ("other-person", NOW, WE.sub)
    assert domain.entered_in_error(wrong, "other", WE, LATER, reaches=True) == wrong
    assert domain.escalated(wrong, LATER) == (wrong, [])
    assert domain.withdrawn(wrong) == [ConcernWithdrawn(person_id=PERSON, concern_id=concern.concern_id)]
    assert domain.raised(wrong) == [] and domain.withdrawn(concern) == []
    assert domain.withdrawn(wrong.model_copy(update={"told_at": None})) == []
    with pytest.raises(Refused, match="concern-entered-in-error"):
        domain.read(wrong, LATER)
    with pytest.raises(Refused, match="concern-entered-in-error"):
        domain.answered(wrong, "talked", None, WE, LATER)
    answered, _ = domain.answered(concern, "talked", None, WE, NOW)
    with pytest.raises(Refused, match="concern-not-withdrawable"):
        domain.entered_in_error(answered, "other-person", WE, LATER, reaches=False)
    assert domain.entered_in_error(answered, "other-person", WE, LATER, reaches=True).error_at == LATER


def test_a_report_is_its_organisations_or_who_speaks_for_itself() -> None:
    ours = a_concern(raised_by="a", raised_by_organisation_id=WE.organisation_id)
    assert domain.is_raised_by(ours, By("b", WE.organisation_id)) and not domain.is_raised_by(ours, By("a", None))
    own = a_concern(raised_by="a", raised_by_organisation_id=None)
    assert domain.is_raised_by(own, By("a", None)) and not domain.is_raised_by(own, By("b", None))


def test_an_unanswered_concern_escalates_once() -> None:
    """Source: mission row 000-10."""
    concern, facts = domain.escalated(a_concern(), NOW)
    assert [type(fact) for fact in facts] == [ConcernEscalated]
    assert domain.escalated(concern, NOW)[1] == []
    assert domain.escalated(a_concern(linked=False), NOW)[1] == []


def test_five_working_days_skip_weekends_and_holidays() -> None:
    """From Monday 2 March 2026: Tuesday to Friday, not 9 March (a holiday observed), so the end of Tuesday the 10th."""
    assert answer_due(datetime(2026, 1, 12, 9, 0, tzinfo=UTC)) == datetime(2026, 1, 20, tzinfo=UTC)
    assert answer_due(NOW) == datetime(2026, 3, 11, tzinfo=UTC)
