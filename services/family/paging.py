"""Keyset pages over ids, as every list of this service has them. Cursors themselves are `shared/web.py`'s."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from shared.errors import Refused
from shared.web import Limit, cursor_of, values_of

__all__ = ["Cursor", "Limit", "id_after", "next_after"]

Cursor = Annotated[str | None, Field(max_length=500)]


def id_after(cursor: str | None) -> UUID | None:
    """The id a page continues after. Raises Refused("bad-cursor")."""
    if cursor is None:
        return None
    try:
        return UUID(values_of(cursor, 1)[0])
    except ValueError as error:
        raise Refused("bad-cursor") from error


def next_after(ids: Sequence[UUID], limit: int) -> str | None:
    """The cursor of the next page when one more than `limit` was found."""
    return cursor_of(str(ids[limit - 1])) if len(ids) > limit else None
