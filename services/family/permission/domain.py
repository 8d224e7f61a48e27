"""Permissions: what a contact may be told. When one may be given, when it holds. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse

Topic = Literal["referral", "stage", "relapse", "appointment", "check-in", "instruction"]
Giver = Literal["person", "guardian", "both"]
EndedBecause = Literal["revoked", "came-of-age", "person-died"]


class Permission(BaseModel):
    """One contact, topics, channels, expiry, and who gave it. Source: privacy section 4."""

    model_config = ConfigDict(frozen=True)

    permission_id: UUID
    contact_id: UUID
    topics: tuple[Topic, ...]
    channels: tuple[str, ...]
    given_by: Giver
    given_on: date
    until: date | None
    recorded_at: datetime
    revoked_at: datetime | None = None
    ended_because: EndedBecause | None = None


@dataclass(frozen=True)
class Giving:
    """What is known where a permission is given. `latest_day`: the latest date that is today anywhere.

    `by_the_person`: the caller's token is the person's own. `lacking`: those of its channels for which the contact has no address.
    """

    today: date
    latest_day: date
    life_period: str | None
    by_the_person: bool
    lacking: Collection[str] = ()


def must_be_givable(permission: Permission, giving: Giving) -> None:
    """Raises Refused("permission-not-givable"). A person's own token speaks for itself alone.

    An adult answers alone: a guardian gives nothing for one, nor a part of it (mission rows 000-24, 000-25). While the
    life period is not known here a guardian may give; the news that the person is an adult ends it.
    """
    refuse(
        "permission-not-givable",
        {
            "given-by-the-adult-alone": giving.life_period == "adult" and permission.given_by != "person",
            "given-by-the-caller": giving.by_the_person and permission.given_by != "person",
            "given-today-or-before": permission.given_on > giving.latest_day,
            "until-today-or-later": permission.until is not None and permission.until < giving.today,
            **{f"contact-has-{channel}": True for channel in giving.lacking},
        },
    )
