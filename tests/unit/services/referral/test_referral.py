"""One open referral a person and stage: what a second wish may do to the first; who stands how to a referral."""

from typing import Any
from uuid import UUID

import pytest

from services.referral.referral import domain, matching
from services.referral.transition.domain import EITHER, SYSTEM
from services.referral.wish.domain import Circumstances, check_wish
from shared.errors import Refused
from shared.events.referral import PlaceNotFound, ReferralAddressed, ReferralAnswered, ReferralOpened, ReferralStarted
from tests.builders_referral import CENTRE, CLINIC, NOW, PERSON, REQUESTER, STRANGER, TODAY, a_referral, a_wish

GOOD = Circumstances(has_died=False, organisation_known=True, position_good=True, replaced=None, by_system=False)


@pytest.mark.parametrize(
    ("wish", "circumstances", "unmet"),
    [
        ({}, {"has_died": True}, ("person-alive",)),
        ({}, {"organisation_known": False}, ("organisation-known",)),
        ({}, {"position_good": False}, ("position-confirmed",)),
        ({"replaces": UUID(int=5)}, {"replaced": "cancelled"}, ("replaced-one-rejected",)),
        ({"imported": True}, {}, ("imported-by-a-system",)),
        ({}, {"other_pathway": True, "stage_lacking": True}, ("pathway-of-the-journey", "stage-of-the-pathway")),
        (
            {"imported": True},
            {"has_died": True, "organisation_known": False},
            ("person-alive", "organisation-known", "imported-by-a-system"),
        ),
    ],
)
def test_what_a_referral_is_refused_for(wish: dict[str, Any], circumstances: dict[str, Any], unmet: tuple[str, ...]) -> None:
    """Source: mission rows 002-40, 002-06; standards section 1 (a rejected one is replaced, never reopened)."""
    with pytest.raises(Refused) as refused:
        check_wish(a_wish(**wish), GOOD._replace(**circumstances))
    assert refused.value.unmet == unmet


def test_an_answered_referral_is_not_addressed_elsewhere() -> None:
    """At most one open referral a stage. Source: contracts section 3."""
    with pytest.raises(Refused) as refused:
        matching.meet(a_referral(status="accepted"), a_wish(to_organisation_id=STRANGER), REQUESTER, TODAY)
    assert refused.value.unmet == ("open-referral-not-answered",)


def test_another_organisation_does_not_take_over_an_addressed_referral() -> None:
    """Source: contracts section 3."""
    with pytest.raises(Refused) as refused:
        matching.meet(a_referral(), a_wish(from_organisation_id=STRANGER, to_organisation_id=STRANGER), REQUESTER, TODAY)
    assert refused.value.unmet == ("no-open-referral-of-another-for-this-stage",)


def test_naming_an_organisation_for_one_open_to_any_is_a_change_of_it() -> None:
    """Source: contracts section 3."""
    changed = matching.meet(a_referral(to_organisation_id=None, from_organisation_id=None), a_wish(), REQUESTER, TODAY)
    assert (changed.referral.to_organisation_id, changed.referral.from_organisation_id) == (CENTRE, CLINIC)
    assert [type(event) for event in changed.events] == [ReferralAddressed]
    assert [entry.change for entry in changed.entries] == ["addressed"]


def test_the_same_wish_again_changes_nothing() -> None:
    """Source: contracts section 3."""
    assert matching.meet(a_referral(), a_wish(), REQUESTER, TODAY) == (a_referral(), [], [])


def test_a_wish_turns_its_own_draft_into_a_request() -> None:
    """Source: standards section 1."""
    draft = a_referral(status="draft", due_on=None, to_organisation_id=None)
    changed = matching.meet(draft, a_wish(), REQUESTER, TODAY)
    assert changed.referral.status == "requested"
    assert [type(event) for event in changed.events] == [ReferralOpened]
    assert changed.events[0].to_organisation_id == CENTRE  # type: ignore[attr-defined]
    assert changed.referral.due_on == a_wish().due_on


def test_a_draft_tells_nobody_and_has_no_due_day() -> None:
    """Source: standards section 1."""
    wish = a_wish().model_copy(update={"draft": True})
    changed = domain.open_referral(UUID(int=3), wish, REQUESTER, True, NOW)
    assert (changed.events, changed.referral.due_on, changed.referral.answer_due) == ([], None, None)


def test_that_nobody_qualified_has_a_place_is_told() -> None:
    """Source: mission row 000-62."""
    changed = domain.open_referral(UUID(int=3), a_wish(to_organisation_id=None), SYSTEM, False, NOW)
    assert [type(event) for event in changed.events] == [ReferralOpened, PlaceNotFound]


def test_a_draft_that_found_an_organisation_tells_of_no_missing_place() -> None:
    """Source: mission row 000-62: a request that names where to go has found its place."""
    named = a_referral(status="draft", place_found=False)
    changed = domain.change_status(named, "requested", REQUESTER, None, TODAY)
    assert [type(event) for event in changed.events] == [ReferralOpened]


def test_a_start_elsewhere_addresses_the_referral_to_where_it_was() -> None:
    """Source: contracts section 3."""
    changed = domain.start_at(a_referral(to_organisation_id=STRANGER), CENTRE, None, TODAY)
    assert [type(event) for event in changed.events] == [ReferralAddressed, ReferralAnswered, ReferralStarted]
    assert changed.referral.to_organisation_id == CENTRE


def test_only_a_referral_of_a_live_journey_awaits_its_start() -> None:
    """Source: mission row OUR-01; contracts section 3 (imported history has no deadlines)."""
    assert a_referral().awaits_start
    assert a_referral(status="rejected").awaits_start
    for changes in ({"journey_id": None}, {"imported": True}, {"has_started": True}, {"status": "cancelled"}, {"status": "draft"}):
        assert not a_referral(**changes).awaits_start


@pytest.mark.parametrize(
    ("referral", "organisation_id", "may_take", "parties"),
    [
        ({}, CLINIC, False, {"requester"}),
        ({}, CENTRE, False, {"target"}),
        ({}, STRANGER, True, set()),
        ({}, None, False, set()),
        ({"to_organisation_id": CLINIC}, CLINIC, False, set(EITHER)),
        ({"to_organisation_id": None}, STRANGER, True, {"target"}),
        ({"to_organisation_id": None}, STRANGER, False, set()),
        ({"to_organisation_id": None, "status": "cancelled"}, STRANGER, True, set()),
        ({"status": "draft"}, CENTRE, False, set()),
    ],
)
def test_who_stands_how_to_a_referral(referral: dict[str, Any], organisation_id: UUID | None, may_take: bool, parties: set[str]) -> None:
    """Source: privacy section 1, standards section 1."""
    assert domain.parties_of(a_referral(**referral), organisation_id, None, may_take) == parties


def test_a_person_is_the_requester_of_its_own_request_only() -> None:
    """Source: mission row 001-11."""
    assert domain.parties_of(a_referral(origin="self"), None, PERSON, False) == {"requester"}
    assert domain.parties_of(a_referral(), None, PERSON, False) == set()
    assert domain.parties_of(a_referral(origin="self"), None, UUID(int=77), False) == set()
