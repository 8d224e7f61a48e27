"""Permissions: what a contact may be told. When one may be given, when it holds. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse
from shared.events.referral import LifePeriod

Topic = Literal["referral", "stage", "relapse", "appointment", "check-in", "instruction"]
Giver = Literal["person", "guardian", "both"]
EndedBecause = Literal["revoked", "came-of-age", "guardian-ended", "person-died"]


class Permission(BaseModel):
    """One contact, topics, channels, expiry, and who gave it; `guardian_id`: the contact who took part as guardian.

    `reason`: why an unlikely date is right. Source: privacy section 4.
    """

    model_config = ConfigDict(frozen=True)

    permission_id: UUID
    contact_id: UUID
    topics: tuple[Topic, ...]
    channels: tuple[str, ...]
    given_by: Giver
    given_on: date
    until: date | None
    recorded_at: datetime
    guardian_id: UUID | None = None
    reason: str | None = None
    revoked_at: datetime | None = None
    ended_because: EndedBecause | None = None


@dataclass(frozen=True)
class Giving:
    """What is known where a permission is given. `givers`: who may consent at the person's age, by the jurisdiction's table.

    `by_the_person`: the caller's token is the person's own. `guardian_valid`: the guardian it names is recorded and was one that day.
    `dates`: what is wrong with `given_on`. `lacking`: those of its channels for which the contact has no address.
    """

    today: date
    life_period: LifePeriod
    givers: Collection[str]
    by_the_person: bool = False
    guardian_valid: bool = False
    dates: Mapping[str, bool] = field(default_factory=dict)
    lacking: Collection[str] = ()


def must_be_givable(permission: Permission, giving: Giving) -> None:
    """Raises Refused("permission-not-givable"). A person's own token speaks for itself alone.

    By the default table an adult answers alone, and for a minor a guardian takes part (mission rows 000-24, 000-25).
    """
    by_a_guardian = permission.given_by != "person"
    may_not = permission.given_by not in giving.givers
    refuse(
        "permission-not-givable",
        {
            "given-by-the-adult-alone": may_not and giving.life_period == "adult",
            "given-with-guardian": may_not and giving.life_period == "minor",
            "given-by-the-caller": giving.by_the_person and by_a_guardian,
            "guardian-valid-that-day": by_a_guardian and not giving.guardian_valid,
            "guardian-takes-part": not by_a_guardian and permission.guardian_id is not None,
            **giving.dates,
            "until-today-or-later": permission.until is not None and permission.until < giving.today,
            **{f"contact-has-{channel}": True for channel in giving.lacking},
        },
    )
