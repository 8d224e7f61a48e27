"""Keyset pages by one id: where the next page begins."""

from uuid import UUID

from shared.errors import Refused
from shared.web import values_of

FIRST = UUID(int=0)


def after(cursor: str | None) -> UUID:
    """The id the page begins after; raises Refused("bad-cursor")."""
    try:
        return UUID(values_of(cursor, 1)[0]) if cursor else FIRST
    except ValueError as error:
        raise Refused("bad-cursor") from error
