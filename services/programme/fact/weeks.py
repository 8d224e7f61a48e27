"""What a correction does to the weekly results of a stay: they are not recorded, and the record is not closed. Pure.

Source: issue of corrections, section 1.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from services.programme.correction.domain import NOT_POSSIBLE
from services.programme.fact.domain import Case
from services.programme.journey.domain import Correction, Spell
from services.programme.weekly.domain import WeeklyRecord
from shared.errors import refuse


class Unrecorded(NamedTuple):
    """Which weeks have no result; `is_open`: nor was the imported record closed."""

    weeks: Collection[int]
    is_open: bool = False


def withdraw_weeks(case: Case, spell: Spell | None, record: WeeklyRecord | None, none: Unrecorded) -> tuple[WeeklyRecord, Correction]:
    """By whose stay it is, or the holder. Raises Refused."""
    case.must_be_own(spell.organisation_id if spell else None)
    results = record.results if record else {}
    refuse(
        NOT_POSSIBLE,
        {
            "stage-started": spell is None,
            "week-recorded": any(week not in results for week in none.weeks),
            "record-closed": none.is_open and not (record and record.closed),
        },
    )
    assert spell is not None and record is not None
    before: dict[str, Any] = {"results": {str(week): results[week] for week in sorted(none.weeks)}}
    before |= {"closed": True} if none.is_open else {}
    line = case.line("observations", "entered-in-error", spell.organisation_id, before, spell.stage)
    left = {week: result for week, result in results.items() if week not in none.weeks}
    opened = record.model_copy(update={"results": left, "closed": record.closed and not none.is_open})
    return opened, line.model_copy(update={"spell": spell.number})
