"""When a permission may be given. Source: privacy section 4, mission rows 000-24, 000-25."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.family.permission.domain import Giving, Permission, must_be_givable
from shared.errors import Refused

TODAY = date(2026, 3, 2)
TOMORROW = date(2026, 3, 3)
MAY = {"minor": ("guardian", "both"), "adult": ("person",)}


def a_permission(**changes: Any) -> Permission:
    values = {"permission_id": uuid4(), "contact_id": uuid4(), "topics": ("stage",), "channels": ("inbox",), "given_by": "person"}
    dates = {"given_on": TODAY, "until": None, "recorded_at": datetime(2026, 3, 2, tzinfo=UTC)}
    return Permission.model_validate({**values, **dates, **changes})


def a_giving(life_period: Any, **changes: Any) -> Giving:
    return Giving(**{"today": TODAY, "life_period": life_period, "givers": MAY[life_period], **changes})


def unmet_of(permission: Permission, giving: Giving) -> tuple[str, ...]:
    with pytest.raises(Refused) as refused:
        must_be_givable(permission, giving)
    return refused.value.unmet


def test_an_adult_gives_alone() -> None:
    must_be_givable(a_permission(), a_giving("adult"))
    must_be_givable(a_permission(), a_giving("adult", by_the_person=True))
    for given_by in ("guardian", "both"):
        assert unmet_of(a_permission(given_by=given_by), a_giving("adult", guardian_valid=True)) == ("given-by-the-adult-alone",)


@pytest.mark.parametrize("given_by", ["guardian", "both"])
def test_for_a_minor_a_recorded_guardian_takes_part(given_by: str) -> None:
    must_be_givable(a_permission(given_by=given_by, guardian_id=uuid4()), a_giving("minor", guardian_valid=True))
    assert unmet_of(a_permission(given_by=given_by), a_giving("minor")) == ("guardian-valid-that-day",)
    assert unmet_of(a_permission(), a_giving("minor")) == ("given-with-guardian",)


def test_another_country_has_another_table() -> None:
    must_be_givable(a_permission(), a_giving("minor", givers=("person", "both")))
    with_guardian = a_permission(given_by="guardian", guardian_id=uuid4())
    assert unmet_of(with_guardian, a_giving("minor", givers=("person", "both"), guardian_valid=True)) == ("given-with-guardian",)


def test_a_refusal_names_all_that_is_missing() -> None:
    permission = a_permission(channels=("email",), until=date(2026, 3, 1), guardian_id=uuid4())
    giving = a_giving("adult", lacking=("email",), dates={"date-not-in-future": True})
    expected = ("guardian-takes-part", "date-not-in-future", "until-today-or-later", "contact-has-email")
    assert unmet_of(permission, giving) == expected


@pytest.mark.parametrize("given_by", ["guardian", "both"])
def test_a_persons_own_token_speaks_for_no_guardian(given_by: str) -> None:
    permission = a_permission(given_by=given_by, guardian_id=uuid4())
    assert unmet_of(permission, a_giving("minor", by_the_person=True, guardian_valid=True)) == ("given-by-the-caller",)
