"""Keyset pages, as every list has them: what is asked for, where a page begins, the page made of what was found. No SQL."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, TypeAdapter

from shared.errors import Refused
from shared.web import Body

FIRST_ID = UUID(int=0)
LAST_ID = UUID(int=2**128 - 1)
FIRST_DAY = date.min
LAST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC)

Place = str | date | UUID
"""One of the values a list is sorted by; a datetime is a date."""
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC), examples=["2026-03-02T00:30:00Z"]),
]
MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)

T = TypeVar("T")


class Paging(Body):
    """Where a page begins and how long it may be; filters of a list are fields of a subclass."""

    cursor: str | None = Field(default=None, max_length=500)
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Page(BaseModel, Generic[T]):
    """One keyset page; `next` is the cursor of the following one, None on the last."""

    items: list[T]
    next: str | None = None


def page_of(found: Sequence[T], limit: int, place: Callable[[T], tuple[Place, ...]]) -> Page[T]:
    """The first `limit` of what was found. Lists look for one more than that: found, it says that another page follows.

    That page begins after the `place` (the values the list is sorted by) of the last one on this page.
    """
    items = list(found[:limit])
    return Page(items=items, next=cursor_of(*place(items[-1])) if len(found) > limit else None)


def cursor_of(*values: Place) -> str:
    """An opaque keyset cursor over the last row's sort values."""
    texts = [value.isoformat() if isinstance(value, date) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(texts).encode()).decode()


def values_of(cursor: str, count: int) -> tuple[str, ...]:
    """The sort values in a cursor; raises Refused("bad-cursor")."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise Refused("bad-cursor") from error
    if not isinstance(values, list) or len(values) != count or not all(isinstance(value, str) and _storable(value) for value in values):
        raise Refused("bad-cursor")
    return tuple(values)


def _storable(text: str) -> bool:
    """No NUL and no half of a surrogate pair: the database would refuse them as an error of ours."""
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def after_id(cursor: str | None) -> UUID:
    """The id a page begins after; raises Refused("bad-cursor"), as all that follow do."""
    return _parsed(UUID, values_of(cursor, 1)[0]) if cursor else FIRST_ID


def before_id(cursor: str | None) -> UUID:
    """The same for a list with the newest first."""
    return after_id(cursor) if cursor else LAST_ID


def after_code(cursor: str | None) -> str:
    """The code a page begins after."""
    code = values_of(cursor, 1)[0] if cursor else ""
    if not code.isascii():
        raise Refused("bad-cursor")
    return code


def after_day(cursor: str | None) -> tuple[date, UUID]:
    """The (day, id) a page begins after."""
    if not cursor:
        return FIRST_DAY, FIRST_ID
    day, value = values_of(cursor, 2)
    return _parsed(date.fromisoformat, day), _parsed(UUID, value)


def before_moment(cursor: str | None) -> tuple[datetime, UUID]:
    """The (moment, id) a page begins before: the newest come first."""
    if not cursor:
        return LAST_MOMENT, LAST_ID
    text, value = values_of(cursor, 2)
    return moment(text), _parsed(UUID, value)


def moment(text: str) -> datetime:
    """A moment out of a cursor."""
    return _parsed(MOMENT.validate_python, text)


def _parsed(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise Refused("bad-cursor") from error
