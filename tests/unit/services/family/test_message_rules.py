"""Messages: the state machine of standards section 7 and what each fact tells. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.family.channel.domain import Channel, Outcome
from services.family.channel.service import EMAIL, INBOX
from services.family.message import domain
from services.family.message.domain import LADDER, Message
from shared.errors import Refused
from shared.events.pathway import DEFAULT_PATHWAY
from tests.builders_family import DAY, Way

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def a_message(**changes: Any) -> Message:
    unset = dict.fromkeys(("stage", "reason", "claim_id", "claimed_at", "sent_at", "delivered_at", "read_at"))
    values = {"message_id": uuid4(), "contact_id": uuid4(), "person_id": uuid4(), "topic": "stage", "kind": "stage-started"}
    state = {"channel": "email", "state": "pending", "created_at": NOW, "due_at": NOW, "attempts": 0}
    return Message.model_validate({**unset, **values, **state, **changes})


def test_a_permitted_email_is_claimed() -> None:
    claim_id = uuid4()
    message = domain.claimed(a_message(), EMAIL, is_living=True, claim_id=claim_id, now=NOW)
    assert (message.state, message.claim_id, message.claimed_at) == ("claimed", claim_id, NOW)


@pytest.mark.parametrize(("channel", "is_living", "reason"), [(None, True, "no-permission"), (EMAIL, False, "person-gone")])
def test_without_permission_or_person_it_is_suppressed(channel: Channel | None, is_living: bool, reason: str) -> None:
    """Source: standards section 7."""
    message = domain.claimed(a_message(), channel, is_living, uuid4(), NOW)
    assert (message.state, message.reason) == ("suppressed", reason)


def test_where_only_the_inbox_is_left_it_stays_there() -> None:
    message = domain.claimed(a_message(), INBOX, True, uuid4(), NOW)
    assert (message.state, message.channel, message.delivered_at) == ("delivered", "inbox", NOW)


@pytest.mark.parametrize(
    ("outcome", "state"), [("accepted", "sent"), ("unknown", "uncertain"), ("given-up", "pending"), ("refused", "pending")]
)
def test_what_a_sending_came_to(outcome: Outcome, state: str) -> None:
    """Only what was surely not accepted may be tried again. Source: standards section 7."""
    assert domain.settled(a_message(state="claimed", claim_id=uuid4(), claimed_at=NOW), outcome, NOW).state == state


@pytest.mark.parametrize(
    ("outcome", "state"), [("accepted", "sent"), ("unknown", "uncertain"), ("given-up", "failed"), ("refused", "failed")]
)
def test_what_was_corrected_while_it_was_claimed_is_never_tried_again(outcome: Outcome, state: str) -> None:
    """A correction followed it. Source: issue of corrections, section 1."""
    claimed = a_message(state="claimed", claim_id=uuid4(), claimed_at=NOW, corrected_at=NOW)
    assert domain.settled(claimed, outcome, NOW).state == state


def test_refusals_climb_the_ladder_for_four_hours_and_then_fail() -> None:
    message, waited = a_message(), timedelta()
    for _ in LADDER:
        claimed = domain.claimed(message, EMAIL, True, uuid4(), message.due_at)
        message = domain.settled(claimed, "refused", claimed.due_at)
        assert (message.state, message.claim_id) == ("pending", None)
        waited += message.due_at - claimed.due_at
    last = domain.settled(domain.claimed(message, EMAIL, True, uuid4(), NOW), "refused", NOW)
    assert (last.state, last.reason) == ("failed", "refused-to-the-last")
    assert timedelta(hours=3) < waited <= timedelta(hours=4)


def test_a_given_up_claim_costs_no_attempt() -> None:
    assert domain.settled(a_message(state="claimed"), "given-up", NOW).attempts == 0


@pytest.mark.parametrize(
    ("state", "to"),
    [("suppressed", "claimed"), ("sent", "claimed"), ("uncertain", "pending"), ("failed", "claimed"), ("delivered", "sent")],
)
def test_no_way_leads_back_to_sending(state: str, to: Any) -> None:
    with pytest.raises(Refused, match="message-not-movable"):
        a_message(state=state).moved(to)


def test_reading_delivers_once() -> None:
    message = domain.read(a_message(state="sent"), NOW)
    assert (message.state, message.read_at) == ("delivered", NOW)
    assert domain.read(message, NOW + timedelta(days=1)) == message


def test_each_fact_has_its_topic() -> None:
    """Source: mission rows 002-11, 002-23."""
    way = Way()
    facts = [
        way.opened(),
        way.started(),
        way.completed(),
        way.left(),
        way.relapsed(),
        way.referred(uuid4(), DAY),
        way.accepted(uuid4(), uuid4()),
    ]
    assert [domain.notice_of(fact).topic for fact in facts] == ["stage"] * 4 + ["relapse"] + ["referral"] * 2


def test_the_start_of_a_stage_that_asks_for_support_says_so() -> None:
    """Source: mission row 002-24."""
    assert [domain.notice_of(Way().started(4), asks).kind for asks in (False, True)] == ["stage-started", "support"]
    assert domain.notice_of(Way().completed(5), True).kind == "stage-completed"


def test_the_source_of_a_message_names_what_may_be_history() -> None:
    way, referral_id = Way(imported=True), UUID(int=9)
    assert domain.source_of(uuid4(), way.referred(referral_id, None)).subjects == (way.journey_id, referral_id)
    assert domain.source_of(uuid4(), way.started()).imported


def test_the_source_of_a_message_names_its_journey_and_pathway() -> None:
    way = Way()
    told = [domain.source_of(uuid4(), fact) for fact in (way.opened(), way.started(), way.referred(uuid4(), DAY))]
    assert [(source.journey_id, source.pathway) for source in told] == [
        (way.journey_id, DEFAULT_PATHWAY),
        (way.journey_id, None),
        (way.journey_id, DEFAULT_PATHWAY),
    ]
