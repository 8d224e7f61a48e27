"""A change of a referral by mistake: what it becomes, and what the others are told. Source: issue of corrections, section 1."""

from datetime import date
from typing import Any

import pytest

from services.referral.referral import retracting
from services.referral.referral.restating import Past
from services.referral.referral.retracting import Before
from services.referral.transition.domain import check_taking_back
from shared.errors import Refused
from shared.events.referral import PlaceNotFound, ReferralAnswered, ReferralClosed, ReferralOpened, ReferralStarted
from tests.builders_referral import CENTRE, TARGET, a_referral

ON = date(2026, 3, 2)


def stood(**changes: Any) -> Before:
    fields: dict[str, Any] = {"status": "requested", "to_organisation_id": CENTRE, "has_started": False, "made_by": CENTRE}
    return Before(**fields | {"answer_due_at": None, "handover_due_at": None} | changes)


@pytest.mark.parametrize("to", [CENTRE, None])
def test_an_acceptance_that_was_none_is_told_as_none_and_the_request_anew(to: Any) -> None:
    """One that was open to any is so again."""
    changed = retracting.taken_back(a_referral(status="accepted"), stood(to_organisation_id=to), Past(ON))
    assert changed.referral == a_referral(to_organisation_id=to)
    closed, opened = changed.events
    assert isinstance(closed, ReferralClosed) and closed.end == "entered-in-error"
    assert isinstance(opened, ReferralOpened) and opened.to_organisation_id == to


def test_that_no_place_was_found_counts_again() -> None:
    changed = retracting.taken_back(a_referral(status="accepted", place_found=False), stood(to_organisation_id=None), Past(ON))
    assert [type(event) for event in changed.events] == [ReferralClosed, ReferralOpened, PlaceNotFound]


def test_a_start_that_was_none_leaves_the_acceptance() -> None:
    changed = retracting.taken_back(a_referral(status="in-progress", has_started=True), stood(status="accepted"), Past(ON))
    assert changed.referral == a_referral(status="accepted")
    assert [type(event) for event in changed.events] == [ReferralClosed, ReferralOpened, ReferralAnswered]


@pytest.mark.parametrize("ended", ["cancelled", "failed", "completed"])
@pytest.mark.parametrize(
    ("status", "has_started", "told"),
    [
        ("requested", False, [ReferralOpened]),
        ("accepted", False, [ReferralOpened, ReferralAnswered]),
        ("on-hold", False, [ReferralOpened, ReferralAnswered]),
        ("in-progress", True, [ReferralOpened, ReferralAnswered, ReferralStarted]),
    ],
)
def test_an_end_that_was_none_is_told_as_if_it_had_not_been(ended: str, status: str, has_started: bool, told: list[type]) -> None:
    before = stood(status=status, has_started=has_started)
    past = Past() if status == "requested" else Past(ON)
    changed = retracting.taken_back(a_referral(status=ended, has_started=has_started), before, past)
    assert changed.referral == a_referral(status=status, has_started=has_started)
    assert [type(event) for event in changed.events] == told


def test_what_was_opened_for_nothing_never_was() -> None:
    changed = retracting.without_basis(a_referral(status="accepted", asked_as=None))
    assert changed.referral.status == "entered-in-error"
    assert [type(event) for event in changed.events] == [ReferralClosed]
    (line,) = retracting.written(a_referral(status="accepted"), changed, TARGET, "other").entries
    assert (line.from_status, line.to_status, line.actor, line.reason) == ("accepted", "entered-in-error", "target", "other")


def test_a_refusal_names_every_unmet_requirement() -> None:
    with pytest.raises(Refused) as refused:
        check_taking_back("accepted", "on-hold", False, None)
    assert refused.value.unmet == ("possible-from-present-status", "right-party", "reason")
    check_taking_back("accepted", "accepted", True, "mistaken-or-duplicate")
