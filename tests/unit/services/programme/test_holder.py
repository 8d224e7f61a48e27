"""Never unheld, and no illegal state: whatever commands come in whatever order."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from services.programme.journey.domain import Journey, Spell, holder
from services.programme.relapse.domain import Report, report
from services.programme.stage.domain import complete_stage, correct_stage, leave_stage, skip_stage, start_stage
from shared.errors import Refused
from tests.builders_programme import CENTRE, CLINIC, NGO, TODAY, a_pathway, a_start, an_opened_journey, completed, day, left

Command = Callable[[Journey], Journey]
PATHWAY = a_pathway()


def starts(stage: int, at: UUID, on: date) -> Command:
    rule = PATHWAY.rule(stage)
    assert rule
    return lambda journey: start_stage(journey, rule, a_start(on, at), TODAY)[0]


def completes(stage: int, at: UUID, on: date) -> Command:
    return lambda journey: complete_stage(journey, stage, completed(on, at), TODAY)[0]


def leaves(stage: int, at: UUID, on: date) -> Command:
    return lambda journey: leave_stage(journey, stage, left(on, at), TODAY)[0]


def skips(stage: int, at: UUID, on: date) -> Command:
    return lambda journey: skip_stage(journey, stage, "not-needed", "not-eligible")[0]


def reopens(stage: int, at: UUID, on: date) -> Command:
    return lambda journey: correct_stage(journey, stage, "returned")


def relapses(stage: int, at: UUID, on: date) -> Command:
    rule = PATHWAY.rule(stage)
    assert rule
    return lambda journey: report(journey, rule, Report(uuid4(), on, None), TODAY).journey


@st.composite
def a_command(draw: st.DrawFn) -> Command:
    act = draw(st.sampled_from((starts, starts, completes, completes, leaves, skips, reopens, relapses)))
    return act(draw(st.integers(1, 5)), draw(st.sampled_from((CLINIC, CENTRE))), day(draw(st.integers(0, 60))))


def check_spells(spells: tuple[Spell, ...]) -> None:
    assert [spell.number for spell in spells] == list(range(1, len(spells) + 1))
    assert all(not spell.is_open for spell in spells[:-1]), "only the last spell of a stage may be open"
    for spell in spells:
        assert (spell.ended_on is None) == (spell.how is None)
        assert spell.ended_on is None or spell.ended_on >= spell.started_on
    for before, after in pairwise(spells):
        assert before.ended_on and before.ended_on <= after.started_on


def check_stage(journey: Journey, stage: int) -> None:
    """A stage's status says what its spells say."""
    status, spells = journey.status_of(stage), journey.spells_of(stage)
    check_spells(spells)
    last = spells[-1] if spells else None
    legal = {
        "planned": last is None,
        "not-needed": last is None,
        "started": bool(last and last.is_open),
        "completed": bool(last and last.how == "completed"),
        "left": bool(last and last.how == "dropped-out"),
        "reopened": last is None or not last.is_open,
    }
    assert status is not None and legal[status], (status, spells)


def check_holder(journey: Journey) -> None:
    """Exactly one, found another way: the last of the spells sorted, else the opener."""
    ordered = sorted((spell.started_on, spell.stage, spell.number, spell.organisation_id) for spell in journey.spells)
    assert holder(journey) == (ordered[-1][3] if ordered else journey.opened_by)
    assert sum(organisation == holder(journey) for organisation in {NGO, CLINIC, CENTRE}) == 1


@settings(max_examples=300, deadline=None)
@given(st.lists(a_command(), max_size=30), st.booleans())
def test_no_sequence_of_commands_reaches_an_illegal_state_or_leaves_a_person_unheld(commands: list[Command], imported: bool) -> None:
    """Source: mission row OUR-01."""
    journey = an_opened_journey(imported)
    check_holder(journey)
    for command in commands:
        before = journey
        try:
            journey = command(journey)
        except Refused as refused:
            assert refused.unmet, "a refusal names what is unmet"
        assert len(journey.spells) >= len(before.spells), "history is never deleted"
        if len(journey.spells) == len(before.spells):
            assert holder(journey) == holder(before), "only a start changes the holder"
        for state in journey.stages:
            check_stage(journey, state.stage)
        check_holder(journey)


def test_sending_and_completing_change_no_holder_and_a_start_does() -> None:
    """Source: standards section 4."""
    journey = starts(1, CLINIC, day(1))(an_opened_journey())
    assert holder(an_opened_journey()) == NGO and holder(journey) == CLINIC
    journey = completes(1, CLINIC, day(9))(journey)
    assert holder(journey) == CLINIC
    assert holder(starts(2, CENTRE, day(9))(journey)) == CENTRE


def test_of_starts_on_one_day_the_later_stage_holds() -> None:
    journey = starts(2, CENTRE, day(1))(starts(1, CLINIC, day(1))(an_opened_journey()))
    assert holder(journey) == CENTRE
