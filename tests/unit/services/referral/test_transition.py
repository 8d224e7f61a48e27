"""The state machine of a referral: what the table refuses, and that nothing gets around it."""

from datetime import date
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.referral.referral import domain
from services.referral.transition.domain import EITHER, OPEN, Actor, Party, Reason, Status, path_to_start
from shared.errors import Refused
from shared.events.referral import ReferralAnswered, ReferralClosed, ReferralStarted
from tests.builders_referral import CENTRE, NOBODY, REQUESTER, TARGET, TODAY, a_referral

STATUSES: tuple[Status, ...] = get_args(Status)
# Written down from standards section 1 a second time, on purpose: from -> to -> (who, reason needed).
STANDARD: dict[str, dict[str, tuple[str, bool]]] = {
    "draft": {"requested": ("requester", False)},
    "requested": {"accepted": ("target", False), "rejected": ("target", True), "cancelled": ("either", True)},
    "accepted": {
        "in-progress": ("target", False),
        "completed": ("target", False),
        "on-hold": ("target", True),
        "failed": ("target", True),
        "cancelled": ("either", True),
    },
    "in-progress": {"completed": ("target", False), "on-hold": ("target", True), "failed": ("target", True), "cancelled": ("either", True)},
    "on-hold": {
        "accepted": ("target", False),
        "in-progress": ("target", False),
        "completed": ("target", False),
        "failed": ("target", True),
        "cancelled": ("either", True),
    },
    "rejected": {"requested": ("target", True)},
    "cancelled": {},
    "completed": {},
    "failed": {},
    "entered-in-error": {},
}
for _from, _rules in STANDARD.items():
    if _from != "entered-in-error":
        _rules["entered-in-error"] = ("requester", True)


def allowed(source: str, to: str, parties: frozenset[Party], reason: bool) -> bool:
    who, needed = STANDARD[source].get(to, ("nobody", False))
    right = bool(parties) if who == "either" else who in parties
    return right and (reason or not needed)


@pytest.mark.parametrize(("source", "to"), list(product(STATUSES, STATUSES)))
def test_every_pair_of_statuses_does_what_the_standard_says(source: Status, to: Status) -> None:
    """Source: standards section 1, mission row 002-06."""
    everybody = Actor(parties=EITHER, organisation_id=CENTRE)
    for actor, reason in product((NOBODY, REQUESTER, TARGET, everybody), (None, "no-capacity")):
        try:
            changed = domain.change_status(a_referral(status=source), to, actor, reason, TODAY)  # type: ignore[arg-type]
        except Refused:
            assert not allowed(source, to, actor.parties, reason is not None)
        else:
            assert allowed(source, to, actor.parties, reason is not None)
            assert changed.referral.status == to


def test_a_refusal_names_every_unmet_requirement() -> None:
    """Source: mission row 002-06."""
    with pytest.raises(Refused) as refused:
        domain.change_status(a_referral(), "rejected", REQUESTER, None, TODAY)
    assert refused.value.unmet == ("right-party", "reason")


@pytest.mark.parametrize("to", ["rejected", "cancelled"])
def test_who_is_only_qualified_cannot_decline_or_cancel_for_all_others(to: Status) -> None:
    """Source: standards section 1 (the first to accept owns it)."""
    with pytest.raises(Refused) as refused:
        domain.change_status(a_referral(to_organisation_id=None), to, TARGET, "no-capacity", TODAY)
    assert refused.value.unmet == ("addressed",)


def test_the_first_to_accept_owns_one_that_was_open_to_any() -> None:
    """Source: standards section 1."""
    changed = domain.change_status(a_referral(to_organisation_id=None), "accepted", TARGET, None, TODAY)
    assert changed.referral.to_organisation_id == CENTRE
    (answered,) = changed.events
    assert isinstance(answered, ReferralAnswered)
    assert (answered.organisation_id, answered.answer, answered.in_time) == (CENTRE, "accepted", True)


@pytest.mark.parametrize(("on", "in_time"), [(date(2026, 3, 10), True), (date(2026, 3, 11), False)])
def test_an_answer_is_in_time_until_the_due_day_is_over(on: date, in_time: bool) -> None:
    """Source: mission row 002-22."""
    (answered,) = domain.change_status(a_referral(), "rejected", TARGET, "no-capacity", on).events
    assert isinstance(answered, ReferralAnswered)
    assert (answered.answer, answered.reason, answered.in_time) == ("declined", "no-capacity", in_time)


def test_resuming_after_a_hold_is_no_second_start() -> None:
    """Source: mission row 002-06."""
    changed = domain.move(a_referral(status="accepted"), ["in-progress", "on-hold", "in-progress"], TARGET, "moved", TODAY)
    assert [type(event) for event in changed.events] == [ReferralStarted]
    assert [entry.to_status for entry in changed.entries] == ["in-progress", "on-hold", "in-progress"]


def test_a_hold_before_a_start_ends_without_telling_one() -> None:
    """Nothing was started, and nobody answers twice; what was started goes on as started. Source: issue of corrections, section 1."""
    changed = domain.move(a_referral(status="accepted"), ["on-hold", "accepted"], TARGET, "moved", TODAY)
    assert (changed.referral.status, changed.referral.has_started, changed.events) == ("accepted", False, [])
    with pytest.raises(Refused) as refused:
        domain.change_status(a_referral(status="on-hold", has_started=True), "accepted", TARGET, None, TODAY)
    assert refused.value.unmet == ("possible-from-present-status",)


def test_a_draft_never_told_ends_untold() -> None:
    """Source: standards section 1."""
    assert domain.change_status(a_referral(status="draft"), "entered-in-error", REQUESTER, "other", TODAY).events == []


def test_an_end_is_told_with_its_reason() -> None:
    """Source: mission row 002-06."""
    (closed,) = domain.change_status(a_referral(status="accepted"), "failed", TARGET, "could-not-contact", TODAY).events
    assert isinstance(closed, ReferralClosed)
    assert (closed.end, closed.reason) == ("failed", "could-not-contact")


@pytest.mark.parametrize("status", sorted(OPEN))
def test_the_system_takes_the_ordinary_way_to_a_start(status: Status) -> None:
    """Source: contracts section 3."""
    changed = domain.start_at(a_referral(status=status), CENTRE, None, TODAY)
    assert changed.referral.status == "in-progress"
    assert [entry.to_status for entry in changed.entries] == list(path_to_start(status))
    assert all(entry.actor == "system" for entry in changed.entries)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(STATUSES),
        st.sets(st.sampled_from(("requester", "target"))).map(frozenset),
        st.sampled_from((None, *get_args(Reason))),
    ),
    max_size=30,
)


@given(MOVES, st.booleans(), st.booleans())
def test_no_sequence_of_commands_reaches_an_illegal_state(
    moves: list[tuple[Status, frozenset[Party], Reason | None]], draft: bool, addressed: bool
) -> None:
    """Source: standards section 1, mission row 002-06."""
    referral = a_referral(status="draft" if draft else "requested", to_organisation_id=CENTRE if addressed else None)
    answered = taken_back = 0
    for to, parties, reason in moves:
        before = referral
        try:
            changed = domain.change_status(referral, to, Actor(parties=parties, organisation_id=CENTRE), reason, TODAY)
        except Refused:
            continue
        referral = changed.referral
        assert allowed(before.status, to, parties, reason is not None)
        assert len(changed.entries) == 1 and changed.entries[0].from_status == before.status
        answered += sum(isinstance(event, ReferralAnswered) for event in changed.events)
        taken_back += (before.status, to) == ("rejected", "requested")
        assert referral.has_started or referral.status != "in-progress"
        assert referral.to_organisation_id == CENTRE or referral.status in ("draft", "requested", "cancelled", "entered-in-error")
        assert referral.answer_due is None or referral.status == "requested"
        assert not (referral.awaits_start and referral.has_started)
    assert answered <= 1 + taken_back
