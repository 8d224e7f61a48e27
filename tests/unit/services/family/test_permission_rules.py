"""When a permission may be given. Source: privacy section 4, mission rows 000-24, 000-25."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.family.permission.domain import Giving, Permission, must_be_givable
from shared.errors import Refused

TODAY = date(2026, 3, 2)
TOMORROW = date(2026, 3, 3)


def a_permission(**changes: Any) -> Permission:
    values = {"permission_id": uuid4(), "contact_id": uuid4(), "topics": ("stage",), "channels": ("inbox",), "given_by": "person"}
    dates = {"given_on": TODAY, "until": None, "recorded_at": datetime(2026, 3, 2, tzinfo=UTC)}
    return Permission.model_validate({**values, **dates, **changes})


def a_giving(life_period: str | None, by_the_person: bool = False, lacking: tuple[str, ...] = ()) -> Giving:
    return Giving(TODAY, TOMORROW, life_period, by_the_person, lacking)


@pytest.mark.parametrize("life_period", ["adult", "minor", None])
def test_a_person_may_give_whatever_their_age(life_period: str | None) -> None:
    must_be_givable(a_permission(), a_giving(life_period))
    must_be_givable(a_permission(), a_giving(life_period, by_the_person=True))


@pytest.mark.parametrize("given_by", ["guardian", "both"])
def test_a_guardian_gives_for_a_minor_only(given_by: str) -> None:
    must_be_givable(a_permission(given_by=given_by), a_giving("minor"))
    with pytest.raises(Refused) as refused:
        must_be_givable(a_permission(given_by=given_by), a_giving("adult"))
    assert refused.value.unmet == ("given-by-the-adult-alone",)


def test_a_refusal_names_all_that_is_missing() -> None:
    permission = a_permission(channels=("email",), given_on=date(2026, 3, 4), until=date(2026, 3, 1))
    with pytest.raises(Refused) as refused:
        must_be_givable(permission, a_giving("adult", lacking=("email",)))
    assert refused.value.unmet == ("given-today-or-before", "until-today-or-later", "contact-has-email")


@pytest.mark.parametrize("life_period", ["minor", None])
@pytest.mark.parametrize("given_by", ["guardian", "both"])
def test_a_persons_own_token_speaks_for_no_guardian(life_period: str | None, given_by: str) -> None:
    with pytest.raises(Refused) as refused:
        must_be_givable(a_permission(given_by=given_by), a_giving(life_period, by_the_person=True))
    assert refused.value.unmet == ("given-by-the-caller",)


def test_a_permission_is_given_up_to_the_latest_date_anywhere() -> None:
    must_be_givable(a_permission(given_on=TOMORROW), a_giving("adult"))
