"""What a region may do with an instruction. Source: mission row 002-13."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.monitoring.instruction import domain
from services.monitoring.instruction.domain import Addressed
from shared.errors import Refused

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def a_part(**values: object) -> Addressed:
    one = UUID(int=1)
    return Addressed.model_validate(
        {
            "addressed_id": one,
            "instruction_id": one,
            "region": "UZ-TK",
            "acknowledgement_due_at": NOW,
            "implementation_due_at": NOW,
            **values,
        }
    )


def test_an_instruction_is_refused_with_every_reason() -> None:
    with pytest.raises(Refused) as refused:
        domain.check_issue(date(2026, 3, 1), NOW.date(), ("UZ-TK", "UZ-TK"))
    assert refused.value.unmet == ("due-not-in-the-past", "regions-named-once")


def test_what_was_not_acknowledged_cannot_be_implemented() -> None:
    with pytest.raises(Refused) as refused:
        domain.implement(a_part(closed=True), "order-17", NOW)
    assert refused.value.unmet == ("instruction-open", "acknowledged")


def test_a_closed_instruction_cannot_be_acknowledged_any_more() -> None:
    with pytest.raises(Refused):
        domain.acknowledge(a_part(closed=True), NOW)


def test_acknowledging_again_keeps_the_first_time() -> None:
    later = datetime(2026, 4, 1, tzinfo=UTC)
    assert domain.acknowledge(domain.acknowledge(a_part(), NOW), later).acknowledged_at == NOW


def test_what_did_not_come_in_time_is_overdue_until_it_comes() -> None:
    part = domain.mark_overdue(a_part(), "acknowledgement", NOW)
    assert part.overdue == ["acknowledgement"]
    assert domain.acknowledgement_outcome(part) == "unanswered"
    late = domain.acknowledge(part, datetime(2026, 4, 1, tzinfo=UTC))
    assert (late.overdue, domain.acknowledgement_outcome(late)) == ([], "late")


def test_what_was_done_or_closed_is_never_overdue() -> None:
    assert domain.mark_overdue(a_part(acknowledged_at=NOW), "acknowledgement", NOW).overdue == []
    assert domain.mark_overdue(a_part(closed=True), "implementation", NOW).overdue == []


@pytest.mark.parametrize(("held", "covered"), [("UZ-TK", True), ("UZ-TK-01", False), ("UZ", True), ("UZ-T", False)])
def test_a_region_covers_itself_and_what_lies_below_it(held: str, covered: bool) -> None:
    assert domain.covers((held,), "UZ-TK") is covered


def test_what_a_region_said_by_mistake_is_as_if_it_had_not_been_said() -> None:
    """What stands on it is corrected first. Source: issue of corrections, section 1."""
    part = a_part()
    done = domain.implement(domain.acknowledge(part, NOW), "order-17", NOW)
    with pytest.raises(Refused) as refused:
        domain.take_back(done, "acknowledgement")
    assert refused.value.unmet == ("implementation-corrected",)
    assert domain.take_back(domain.take_back(done, "implementation"), "acknowledgement") == part
