"""Relapse definitions as data and their evaluation over known weeks. Pure; which weeks are known is the weekly record's matter."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Result = Literal["positive", "negative", "missing"]


class Definition(NamedTuple):
    """Met by the first `window` of weeks, opening in week `opens_from` or later, in which at least `at_least` results count."""

    code: str
    window: int
    at_least: int
    opens_from: int
    counts: frozenset[Result]
    is_relapse: bool = True


class Met(NamedTuple):
    """`week`: the week the window opens; `known_in_week`: its last week, at whose end the relapse is first known."""

    week: int
    known_in_week: int


POSITIVE_OR_MISSING: frozenset[Result] = frozenset({"positive", "missing"})
MISSING: frozenset[Result] = frozenset({"missing"})

DEFINITIONS = {
    definition.code: definition
    for definition in (
        Definition("consecutive-4", 4, 4, 1, POSITIVE_OR_MISSING),
        Definition("consecutive-4-from-week-3", 4, 4, 3, POSITIVE_OR_MISSING),
        Definition("consecutive-3", 3, 3, 1, POSITIVE_OR_MISSING),
        Definition("two-of-four", 4, 2, 1, POSITIVE_OR_MISSING),
        Definition("two-after-week-4", 2, 2, 4, POSITIVE_OR_MISSING),
        Definition("dropout-4-missing", 4, 4, 1, MISSING, is_relapse=False),
    )
}
CLINICIAN_REPORT = "clinician-report"
"""A relapse that a clinician reports; no weeks stand behind it."""


def evaluate(definition: Definition, weeks: Sequence[Result | None]) -> Met | None:
    """The first window that meets the definition, or None. `weeks[0]` is week 1; a week that is None shows nothing yet.

    Source: standards section 3.
    """
    window, at_least, counts = definition.window, definition.at_least, definition.counts
    first = definition.opens_from - 1
    counted = 0
    for index in range(first, len(weeks)):
        counted += weeks[index] in counts
        opened = index - window + 1
        if opened < first:
            continue
        if counted >= at_least:
            return Met(opened + 1, index + 1)
        counted -= weeks[opened] in counts
    return None
