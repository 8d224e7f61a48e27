"""A fact that is entered and corrected leaves the rules as if the corrected fact had been entered at first, for what comes later too.

Source: issue of corrections, section 1: 20,000 sequences.
"""

from collections import Counter
from random import Random

from shared.errors import Refused
from tests.corrections.rules import World, a_case, heard
from tests.corrections.steps import drawn

SEQUENCES = 20_000
COMPARED_AT_LEAST = 15_000
STEPS_AFTERWARDS = 6


def verdict(seed: int) -> str:
    """equal, different, or why it is no case: the mistake was refused, its correction was, or the right steps are others without it."""
    case = a_case(seed)
    if case is None:
        return "no case"
    try:
        case.wrong.correct(case.sequence)
    except Refused as refused:
        return f"refused {refused.unmet}"
    return "equal" if are_equal(case.wrong, case.right) and go_on_equally(Random(seed), case.wrong, case.right) else "different"


def are_equal(wrong: World, right: World) -> bool:
    return (wrong.stands(), heard(wrong.told)) == (right.stands(), heard(right.told))


def go_on_equally(random: Random, wrong: World, right: World) -> bool:
    """Whatever comes afterwards is allowed or refused in both, and does the same."""
    day = max((spell.ended_on or spell.started_on).toordinal() for spell in wrong.journey.spells) if wrong.journey.spells else 0
    first = min(max(day - wrong.journey.opened_on.toordinal(), 0), 300)
    for step in (drawn(random, first) for _ in range(STEPS_AFTERWARDS)):
        if wrong.do(step) != right.do(step):
            return False
    return are_equal(wrong, right)


def test_a_corrected_fact_stands_as_if_entered_at_first() -> None:
    verdicts: Counter[str] = Counter()
    for seed in range(SEQUENCES):
        verdicts[found := verdict(seed)] += 1
        assert found != "different", seed
    assert verdicts["equal"] >= COMPARED_AT_LEAST, verdicts
