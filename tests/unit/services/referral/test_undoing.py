"""What becomes of a referral without a fact that had changed it. Source: issue of corrections, section 1."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.referral.journey.domain import Corrected, Spell, corrected
from services.referral.referral import undoing
from services.referral.referral.restating import Past
from services.referral.referral.undoing import Kept
from services.referral.transition.domain import DECIDING, Actor
from shared.errors import Refused
from shared.events.referral import PlaceNotFound, ReferralAnswered, ReferralClosed, ReferralOpened, ReferralStarted
from tests.builders_referral import CENTRE, CLINIC, JOURNEY, NOW, PERSON, REQUESTER, STRANGER, TODAY, a_referral

OWN: dict[str, Any] = {"asked_as": None}
ACCEPTED = Past(accepted_on=TODAY)


def kept(fact: str, status: str | None = None, became: str = "requested", **changes: Any) -> Kept:
    """Of a referral of CENTRE's unless said otherwise."""
    fields: dict[str, Any] = {
        "before_id": 1,
        "referral_id": UUID(int=1),
        "journey_id": JOURNEY,
        "stage": 2,
        "spell": 1,
        "from_organisation_id": CLINIC,
        "to_organisation_id": CENTRE,
        "named_journey_id": JOURNEY,
        "region": "UZ-TK",
        "due_on": a_referral().due_on,
        "imported": False,
        "has_started": False,
        "answer_due_at": None,
        "handover_due_at": None,
        "became_to": CENTRE,
    }
    return Kept(fact=fact, status=status, became=became, **fields | changes)


def after(referral: Any, row: Kept, past: Past = ACCEPTED) -> tuple[Any, list[type]] | None:
    changed = undoing.undone(referral, row, past, NOW, TODAY)
    return (changed.referral, [type(event) for event in changed.events]) if changed else None


@pytest.mark.parametrize(
    ("status", "becomes"),
    [("draft", "entered-in-error"), ("requested", "entered-in-error"), ("rejected", "entered-in-error"), ("accepted", "accepted")],
)
def test_what_the_system_opened_never_was_until_somebody_accepted(status: str, becomes: str) -> None:
    found = after(a_referral(status=status, **OWN), kept("ended"))
    assert found is not None
    assert (found[0].status, found[0].is_in_doubt) == (becomes, becomes == "accepted")


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "entered-in-error"])
def test_what_ended_after_it_was_accepted_stays_ended(status: str) -> None:
    assert after(a_referral(status=status, **OWN), kept("ended")) is None


def test_what_the_system_opened_and_somebody_cancelled_unanswered_never_was() -> None:
    """Cancelled it would count as an offer that was withdrawn."""
    found = after(a_referral(status="cancelled", **OWN), kept("relapsed"), Past(reason="moved"))
    assert found is not None
    assert (found[0].status, found[1]) == ("entered-in-error", [ReferralClosed])


@pytest.mark.parametrize("status", ["cancelled", "completed", "failed"])
def test_what_was_asked_for_and_ended_is_told_with_its_end(status: str) -> None:
    """Else it would count as open again."""
    changed = undoing.undone(a_referral(status=status, origin="relapse"), kept("relapsed"), Past(reason="moved"), NOW, TODAY)
    assert changed is not None
    opened, closed = changed.events
    assert isinstance(opened, ReferralOpened) and isinstance(closed, ReferralClosed)
    assert (opened.origin, closed.end, closed.reason) == ("organisation", status, "moved")


def test_what_was_asked_for_in_error_is_told_no_more() -> None:
    assert after(a_referral(status="entered-in-error", origin="relapse"), kept("relapsed"))[1] == []  # type: ignore[index]


@pytest.mark.parametrize("status", ["requested", "accepted", "rejected"])
def test_what_was_asked_for_stays_as_it_was_asked_for(status: str) -> None:
    found = after(a_referral(status=status, origin="relapse", asked_as="organisation"), kept("relapsed"))
    assert found is not None
    assert (found[0].status, found[0].origin) == (status, "organisation")
    assert after(a_referral(status=status, asked_as="organisation"), kept("relapsed")) is None


@pytest.mark.parametrize(
    ("was", "told"),
    [("draft", [ReferralClosed]), ("requested", [ReferralClosed, ReferralOpened]), ("accepted", [ReferralOpened, ReferralAnswered])],
)
def test_a_start_that_was_none_leads_back(was: str, told: list[type]) -> None:
    """To where it stood, at whom it was asked, in the journey it named."""
    now = a_referral(status="in-progress", has_started=True, to_organisation_id=STRANGER)
    found = after(now, kept("started", was, "in-progress", named_journey_id=None, became_to=STRANGER))
    assert found is not None
    assert (found[0].status, found[0].has_started, found[0].to_organisation_id, found[0].journey_id) == (was, False, CENTRE, None)
    assert found[1] == told


@pytest.mark.parametrize("to", [None, CENTRE])
def test_that_no_place_was_found_is_told_anew(to: UUID | None) -> None:
    """What was told before the entry in error counts no more, also where somebody was named afterwards."""
    now = a_referral(status="in-progress", has_started=True, place_found=False)
    found = after(now, kept("started", "requested", "in-progress", to_organisation_id=to))
    assert found is not None
    assert found[1] == [ReferralClosed, ReferralOpened, PlaceNotFound]


def test_a_start_that_was_none_ends_what_had_no_other_reason() -> None:
    doubted = undoing.doubted(a_referral(status="in-progress", has_started=True, **OWN), "end-of-stay", NOW).referral
    found = after(doubted, kept("started", "requested", "in-progress"))
    assert found is not None
    assert (found[0].status, found[1]) == ("entered-in-error", [ReferralClosed])


@pytest.mark.parametrize("status", ["on-hold", "completed", "failed", "cancelled"])
def test_what_its_target_made_of_it_since_the_start_stays(status: str) -> None:
    found = after(a_referral(status=status, has_started=True), kept("started", "accepted", "in-progress"))
    assert found is not None
    assert (found[0].status, found[0].has_started) == (status, False)


@pytest.mark.parametrize("became", ["completed", "failed"])
def test_an_end_that_was_none_leaves_it_in_progress(became: str) -> None:
    row = kept("ended", "in-progress", became, has_started=True)
    found = after(a_referral(status=became, has_started=True), row)
    assert found is not None
    assert (found[0].status, found[1]) == ("in-progress", [ReferralOpened, ReferralAnswered, ReferralStarted])
    assert after(a_referral(status="entered-in-error", has_started=True), row) is None


def test_what_a_fact_added_to_an_open_one_goes() -> None:
    row = kept("ended", "requested", "requested", to_organisation_id=None, named_journey_id=None)
    found = after(a_referral(), row)
    assert found is not None
    assert (found[0].to_organisation_id, found[0].journey_id, found[1]) == (None, None, [ReferralOpened])
    for changed in ({"status": "accepted"}, {"to_organisation_id": STRANGER}):
        assert after(a_referral(**changed), row) is None


def test_only_its_two_sides_say_that_it_goes_on() -> None:
    doubted = undoing.doubted(a_referral(status="accepted", **OWN), "end-of-stay", NOW).referral
    changed = undoing.go_on(doubted, REQUESTER)
    assert (changed.referral.is_in_doubt, changed.referral.asked_as, changed.events) == (False, "organisation", [])
    assert undoing.go_on(changed.referral, REQUESTER).entries == []
    with pytest.raises(Refused, match="status-not-possible"):
        undoing.go_on(doubted, Actor(parties=DECIDING))


def test_another_day_changes_no_referral() -> None:
    """Source: issue of corrections, section 1."""
    stay = Spell(stage=2, spell=1, organisation_id=CENTRE, started_on=TODAY, started_seq=3, ended="completed", ended_seq=4)
    nothing = Corrected(start=False, end=False, named=False)
    assert corrected(stay, stay.model_copy(update={"started_on": TODAY - timedelta(days=9)})) == nothing
    for changes, wanted in (
        ({"organisation_id": PERSON}, Corrected(start=True, end=True, named=False)),
        ({"ended": None}, Corrected(start=False, end=True, named=False)),
        ({"ended": "dropped-out"}, Corrected(start=False, end=True, named=False)),
        ({"next_organisation_id": PERSON}, Corrected(start=False, end=False, named=True)),
    ):
        assert corrected(stay, stay.model_copy(update=changes)) == wanted, changes
    assert corrected(stay, None) == Corrected(start=True, end=True, named=False)
    assert corrected(None, stay) == Corrected(start=True, end=True, named=False)
