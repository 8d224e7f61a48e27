"""Two commits side by side: the arithmetic of the comparison, what /proc says, and that the sides take turns."""

import json
import math
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from shared.events import by_type
from tests.bench.against import checkout, compared, facts, turns
from tests.bench.against.calls import Call
from tests.bench.against.compared import Compared, Spent, compare
from tests.bench.against.consumed import TICK_MS, Meter, Process, parsed, total
from tests.bench.against.side import Side


def spent(api: float, postgres: float, units: int = 1) -> Spent:
    return Spent("accept", "command", units, {"API": api, "PostgreSQL": postgres})


def test_the_ratio_is_of_the_medians_and_its_spread_of_the_rounds() -> None:
    one = Compared("row", "event", "worker", old=(1.0, 2.0, 9.0), new=(2.0, 3.0, 9.0))
    assert one.ratio == 1.5
    assert one.ratios == [2.0, 1.5, 1.0]
    assert one.cells(1.10) == ("row", "event", "worker", "2", "3", "1.500", "1.000-2.000", "dearer")


@pytest.mark.parametrize(("new", "dearer"), [(1.0, False), (1.10, False), (1.11, True), (0.2, False)])
def test_only_what_is_above_the_limit_is_dearer(new: float, dearer: bool) -> None:
    assert Compared("row", "event", "worker", (1.0,), (new,)).is_dearer(1.10) is dearer


def test_something_where_there_was_nothing_is_dearer() -> None:
    assert Compared("row", "event", "worker", (0.0,), (0.1,)).ratio == math.inf
    assert Compared("row", "event", "worker", (0.0,), (0.0,)).ratio == 1.0


def test_each_part_is_compared_and_their_sum() -> None:
    found = compare([spent(1.0, 3.0), spent(1.0, 5.0)], [spent(1.0, 6.0), spent(3.0, 6.0)])
    assert [(one.part, one.old, one.new) for one in found] == [
        ("API", (1.0, 1.0), (1.0, 3.0)),
        ("PostgreSQL", (3.0, 5.0), (6.0, 6.0)),
        ("all", (4.0, 6.0), (7.0, 9.0)),
    ]


def test_pieces_add_up_and_a_unit_costs_its_share() -> None:
    both = spent(1.0, 3.0, units=2) + spent(5.0, 7.0, units=2)
    assert both == spent(6.0, 10.0, units=4)
    assert (both.each("API"), both.whole) == (1.5, 4.0)


@pytest.mark.parametrize(("old", "new", "judged"), [(0.1, 0.16, False), (0.1, 0.5, True), (0.5, 0.1, True)])
def test_a_part_is_judged_where_it_weighs_on_either_side(old: float, new: float, judged: bool) -> None:
    api = compare([spent(old, 1.0)], [spent(new, 1.0)])[0]
    assert api.is_judged is judged
    assert (api.cells(9.9)[-1] == "not judged") is not judged


def test_the_page_says_what_is_dearer() -> None:
    page = compared.page(compare([spent(1.0, 1.0)], [spent(1.0, 2.0)]), 1.10, ["# head"])
    assert page.startswith("# head\n")
    assert "| accept | command | API | 1 | 1 | 1.000 | 1.000-1.000 | ok |" in page
    assert page.endswith("dearer than 1.10 x: 2\n  accept, PostgreSQL: 2.000 x\n  accept, all: 1.500 x\n")


def test_a_name_in_proc_may_hold_brackets_and_blanks() -> None:
    times = "3 4 20 10"
    assert parsed(f"17 (a (b) c) S 5 17 17 0 -1 4194560 1 2 3 4 {times} 20 0 1 0 99") == Process(17, 5, 37 * TICK_MS)


def test_all_below_a_process_is_its_own() -> None:
    processes = [Process(1, 0, 1.0), Process(2, 1, 10.0), Process(3, 2, 100.0), Process(4, 1, 1000.0), Process(5, 9, 10000.0)]
    assert total(2, processes) == 110.0
    assert total(1, processes) == 1111.0
    with pytest.raises(KeyError):
        total(6, processes)


def test_a_meter_counts_from_its_making() -> None:
    meter = Meter({"worker": os.getpid()})
    while not (each := meter.spent()["worker"]):
        pass
    assert TICK_MS <= each < 1000


async def test_the_sides_take_turns_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []

    @asynccontextmanager
    async def opened(side: Side) -> AsyncIterator[turns.Work]:
        async def prepare() -> None:
            order.append(f"({side.name})")

        async def piece() -> Spent:
            order.append(side.name)
            return spent(float(len(order)), 0.0)

        yield turns.Work(prepare, piece, 2)

    found = await turns.compared(opened, a_side("a"), a_side("b"), 2)
    assert " ".join(order) == "(b) (a) b a a b (a) (b) a b b a (b) (a) b a a b"
    assert (found[-1].old, found[-1].new) == (((9 + 12) / 2, (16 + 17) / 2), ((10 + 11) / 2, (15 + 18) / 2))


def a_side(name: str) -> Side:
    return Side(name, Path(), Path(), cast(Any, None), "", {})


def test_every_event_sent_is_one_that_is_known_in_its_first_form() -> None:
    """What an event is said to have held at first is still all that it needs."""
    sent = [*facts.organisations(), *facts.years(50, 1), *facts.openings([UUID(int=1)]), *facts.walks([UUID(int=1)], 2)]
    told = {each.type.split(".")[2] for each in sent}
    assert told == {*facts.FIRST_FIELDS, "organisation_changed"}
    for each in sent:
        known = by_type(each.type)
        assert known is not None and known.topic == each.topic
        assert set(json.loads(each.body)) <= set(known.model_validate_json(each.body).model_fields_set)


def test_a_year_is_the_same_for_both_and_another_with_another_number() -> None:
    assert facts.years(5, 1) == facts.years.__wrapped__(5, 1)
    assert not {each.stream_id for each in facts.years(5, 1)} & {each.stream_id for each in facts.years(5, 2)}


def test_a_walk_goes_on_in_its_streams() -> None:
    persons = [UUID(int=1), UUID(int=2)]
    sent = [*facts.openings(persons), *facts.walks(persons, 2)]
    assert [each.seq for each in sent if each.stream_id == persons[1]] == [1, 2, 3, 4, 5]
    assert json.loads(sent[-1].body)["completed_on"] > str(date(2025, 6, 3))


def test_a_command_has_a_key_and_a_read_has_none() -> None:
    assert b"Idempotency-Key" not in Call("GET", "/handovers").request("t")
    command = Call("PUT", "/x", {"a": 1}).request("t")
    assert b"Idempotency-Key" in command and command.endswith(b'\r\n\r\n{"a": 1}')
    assert b"Content-Length: 8\r\n" in command


def test_another_commit_lies_under_var_until_the_end() -> None:
    commit = checkout.named("HEAD")
    with checkout.unpacked(commit) as folder:
        assert (folder / "services" / "programme" / "__main__.py").exists()
        assert folder.is_relative_to(checkout.PLACE)
    assert not folder.exists()
    with pytest.raises(checkout.NoSuchCommit):
        checkout.named("--help")
