"""A fact that is entered and corrected leaves the rules as if the corrected fact had been entered at first, for what comes later too.

Source: issue of corrections, section 1: 20,000 sequences, of one organisation and of two and three that hand a person over.
"""

from collections import Counter
from random import Random

from shared.errors import NotFound, Refused
from tests.corrections.heard import heard
from tests.corrections.rules import World
from tests.corrections.sequences import KINDS, Case, a_case, likely

SEQUENCES = 20_000
COMPARED_AT_LEAST = 15_000
OF_EACH_KIND = 100
STEPS_AFTERWARDS = 6


def verdict(seed: int, kinds: Counter[str]) -> str:
    """equal, different, or why it is no case: the mistake was refused, its correction was, or the right steps are others without it."""
    case = a_case(seed)
    if case is None:
        return "no case"
    found = list(case.kinds())
    try:
        case.correct()
    except (Refused, NotFound) as refused:
        return f"refused {refused}"
    if not are_equal(case.wrong, case.right, case) or not go_on_equally(Random(seed), case):
        return "different"
    kinds.update(found)
    return "equal"


def are_equal(wrong: World, right: World, case: Case) -> bool:
    return (wrong.stands(case.organisations), heard(wrong.told)) == (right.stands(case.organisations), heard(right.told))


def go_on_equally(random: Random, case: Case) -> bool:
    """Whatever comes afterwards is allowed or refused in both, and does the same."""
    wrong, right = case.wrong, case.right
    day = max((spell.ended_on or spell.started_on).toordinal() for spell in wrong.journey.spells) if wrong.journey.spells else 0
    first = min(max(day - wrong.journey.opened_on.toordinal(), 0), 300)
    for _ in range(STEPS_AFTERWARDS):
        step = likely(random, first, wrong, case.organisations)
        with_mistake, without = wrong.after(step), right.after(step)
        if (with_mistake is None) != (without is None):
            return False
        wrong, right = with_mistake or wrong, without or right
    return are_equal(wrong, right, case)


def test_a_corrected_fact_stands_as_if_entered_at_first() -> None:
    verdicts: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    for seed in range(SEQUENCES):
        verdicts[found := verdict(seed, kinds)] += 1
        assert found != "different", seed
    assert verdicts["equal"] >= COMPARED_AT_LEAST, verdicts
    assert {kind: kinds[kind] for kind in KINDS if kinds[kind] < OF_EACH_KIND} == {}
