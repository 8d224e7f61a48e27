"""When a permission may be given. Source: privacy section 4, mission rows 000-24, 000-25."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.family.permission.domain import Permission, must_be_givable
from shared.errors import Refused

TODAY = date(2026, 3, 2)


def a_permission(**changes: Any) -> Permission:
    values = {"permission_id": uuid4(), "contact_id": uuid4(), "topics": ("stage",), "channels": ("inbox",), "given_by": "person"}
    dates = {"given_on": TODAY, "until": None, "recorded_at": datetime(2026, 3, 2, tzinfo=UTC)}
    return Permission.model_validate({**values, **dates, **changes})


@pytest.mark.parametrize("life_period", ["adult", "minor", None])
def test_a_person_may_give_whatever_their_age(life_period: str | None) -> None:
    must_be_givable(a_permission(), TODAY, life_period, lacking=())


@pytest.mark.parametrize("given_by", ["guardian", "both"])
def test_a_guardian_gives_for_a_minor_only(given_by: str) -> None:
    must_be_givable(a_permission(given_by=given_by), TODAY, "minor", lacking=())
    with pytest.raises(Refused) as refused:
        must_be_givable(a_permission(given_by=given_by), TODAY, "adult", lacking=())
    assert refused.value.unmet == ("given-by-the-adult-alone",)


def test_a_refusal_names_all_that_is_missing() -> None:
    permission = a_permission(channels=("email",), given_on=date(2026, 3, 3), until=date(2026, 3, 1))
    with pytest.raises(Refused) as refused:
        must_be_givable(permission, TODAY, "adult", lacking=("email",))
    assert refused.value.unmet == ("given-today-or-before", "until-today-or-later", "contact-has-email")
