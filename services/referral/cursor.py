"""Keyset cursors of referral's lists: what comes after the last row of a page. No SQL here."""

from datetime import date
from uuid import UUID

from pydantic import Field

from shared.errors import Refused
from shared.web import Body, Limit, cursor_of, values_of

FIRST_ID = UUID(int=0)
FIRST_DAY = date.min


class Paging(Body):
    """Where a page begins and how long it may be."""

    cursor: str | None = Field(default=None, max_length=400)
    limit: Limit = 50


def after_id(cursor: str | None) -> UUID:
    """The id a page begins after; raises Refused("bad-cursor")."""
    if cursor is None:
        return FIRST_ID
    (value,) = values_of(cursor, 1)
    try:
        return UUID(value)
    except ValueError as error:
        raise Refused("bad-cursor") from error


def after_day(cursor: str | None) -> tuple[date, UUID]:
    """The (day, id) a page begins after; raises Refused("bad-cursor")."""
    if cursor is None:
        return FIRST_DAY, FIRST_ID
    day, value = values_of(cursor, 2)
    try:
        return date.fromisoformat(day), UUID(value)
    except ValueError as error:
        raise Refused("bad-cursor") from error


def next_id(ids: list[UUID], limit: int) -> str | None:
    """The cursor after a full page; None after the last."""
    return cursor_of(str(ids[-1])) if len(ids) == limit else None


def next_day(keys: list[tuple[date, UUID]], limit: int) -> str | None:
    """The same for lists by day."""
    return cursor_of(keys[-1][0].isoformat(), str(keys[-1][1])) if len(keys) == limit else None
