"""What a release says of itself: its words, filled with what was in force, and which months it counts otherwise. Pure."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from services.monitoring.figure.domain import Placed


class Before(NamedTuple):
    """The release before: the last month it covered, and a digest of each of its months; None where it kept none."""

    last_month: str
    digests: Mapping[str, str] | None


def definitions(words: Mapping[str, str], terms: Mapping[str, Any]) -> dict[str, str]:
    """Each definition's text by its code. Raises KeyError for a term that nobody tells."""
    return {code: text.format(**terms) for code, text in words.items()}


def digests(counts: Sequence[Placed]) -> dict[str, str]:
    """One digest a month of all that is counted of it, region and programme included. Positions of stages tell no fact."""
    months: defaultdict[str, list[str]] = defaultdict(list)
    for unit in counts:
        months[f"{unit.period:%Y-%m}"].append(repr((*unit[:3], unit.to_stage, *unit[6:])))
    return {month: hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest() for month, rows in sorted(months.items())}


def awaiting_revision(before: Before | None, now: Mapping[str, str]) -> list[str] | None:
    """The months that were released and are counted otherwise now, whatever the cause; None where that is not known."""
    if before is None:
        return []
    if before.digests is None:
        return None
    released = {month for month in before.digests.keys() | now.keys() if month <= before.last_month}
    return sorted(month for month in released if before.digests.get(month) != now.get(month))
