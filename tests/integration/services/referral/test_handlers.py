"""Each handler of referral once, twice, out of order, and with the topics in both orders."""

from itertools import permutations
from uuid import UUID, uuid4

import pytest

from shared.events import Event
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernRead, ConcernWithdrawn
from shared.events.monitoring import InstructionClosed, InstructionIssued
from shared.events.programme import JourneyCompleted, RelapseWithdrawn
from shared.events.referral import (
    PlaceNotFound,
    ReferralAddressed,
    ReferralAnswered,
    ReferralClosed,
    ReferralOpened,
    ReferralStarted,
)
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    STRANGER,
    TODAY,
    a_death,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    coordinator,
    deadlines,
    left,
    opened,
    relapse,
    skipped,
    started,
    statuses,
)
from tests.harness import ServiceUnderTest, a_caller


async def told(service: ServiceUnderTest) -> list[type[Event]]:
    return [type(event) for event in await service.appended() if "referral_id" in type(event).model_fields]


async def test_a_completion_delivered_twice_opens_one_referral(referral: ServiceUnderTest) -> None:
    """Source: mission rows 002-15, 000-62; delivery section 4."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    envelopes = await referral.deliver(started(person, 1, CLINIC), completed(person, 1))
    await referral.deliver_again(*envelopes)
    assert await statuses(referral, person) == [(2, "requested", None)]
    assert await told(referral) == [ReferralOpened]
    (event,) = [event for event in await referral.appended() if isinstance(event, ReferralOpened)]
    assert (event.from_organisation_id, event.region, event.origin, str(event.due_on)) == (CLINIC, "UZ-TK", "completion", "2026-03-10")
    assert await deadlines(referral) == ["answer-due", "handover-due"]


async def test_out_of_order_events_wait_for_the_missing_one(referral: ServiceUnderTest) -> None:
    """Source: delivery section 4."""
    person = await a_registered(referral)
    first, second, third = (referral.envelope(e) for e in (started(person, 1, CLINIC), started(person, 2), completed(person, 1)))
    await referral.deliver_again(third, second)
    assert await statuses(referral, person) == []
    await referral.deliver_again(first)
    assert await statuses(referral, person) == []
    ended = await referral.fetch("SELECT stage FROM spell WHERE ended = 'completed'")
    assert [row["stage"] for row in ended] == [1]


async def test_the_completion_names_the_organisation(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1, to=CENTRE))
    assert await statuses(referral, person) == [(2, "requested", CENTRE)]
    assert await told(referral) == [ReferralOpened]


async def test_a_person_nobody_registered_is_referred_from_its_clinics_region(referral: ServiceUnderTest) -> None:
    """Source: delivery section 4 (a handler never requires a row of another topic)."""
    await an_entry(referral, CLINIC, region="UZ-SA")
    person = uuid4()
    await referral.deliver(completed(person, 1), completed(uuid4(), 1, organisation_id=STRANGER))
    regions = await referral.fetch("SELECT region FROM referral ORDER BY region")
    assert [row["region"] for row in regions] == ["UZ-SA", None]


async def test_nobody_with_a_place_is_told(referral: ServiceUnderTest) -> None:
    """Source: mission row 000-62."""
    await referral.deliver(completed(await a_registered(referral), 1))
    assert await told(referral) == [ReferralOpened, PlaceNotFound]


async def test_the_next_stage_that_was_started_already_opens_nothing(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    person = await a_registered(referral)
    await referral.deliver(started(person, 1, CLINIC), started(person, 2), completed(person, 1))
    assert await statuses(referral, person) == []


async def test_the_last_stage_opens_nothing(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-02."""
    person = await a_registered(referral)
    await referral.deliver(started(person, 5), completed(person, 5))
    assert await statuses(referral, person) == []


@pytest.mark.parametrize("order", ["command first", "event first"])
async def test_a_completion_and_a_named_referral_meet_in_one(referral: ServiceUnderTest, order: str) -> None:
    """In both orders. Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    if order == "command first":
        await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
        await referral.deliver(completed(person, 1))
    else:
        await referral.deliver(completed(person, 1))
        await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    assert await statuses(referral, person) == [(2, "requested", CENTRE)]
    assert (await told(referral)).count(ReferralOpened) == 1


async def test_a_completion_names_another_for_an_open_request_only(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    await referral.deliver(completed(person, 1, to=STRANGER))
    assert await statuses(referral, person) == [(2, "accepted", CENTRE)]


async def test_a_start_passes_through_accepted(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1, to=CENTRE))
    envelopes = await referral.deliver(started(person, 2), completed(person, 2, organisation_id=CENTRE))
    await referral.deliver_again(*envelopes)
    assert await statuses(referral, person) == [(2, "completed", CENTRE), (3, "requested", None)]
    assert (await told(referral))[:4] == [ReferralOpened, ReferralAnswered, ReferralStarted, ReferralClosed]
    lines = await referral.fetch("SELECT to_status, actor FROM referral_history ORDER BY history_id LIMIT 4")
    assert [tuple(line) for line in lines] == [(s, "system") for s in ("requested", "accepted", "in-progress", "completed")]


async def test_a_start_elsewhere_addresses_the_referral(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1, to=CENTRE), started(person, 2, STRANGER))
    assert await statuses(referral, person) == [(2, "in-progress", STRANGER)]
    assert await told(referral) == [ReferralOpened, ReferralAddressed, ReferralAnswered, ReferralStarted]


@pytest.mark.parametrize(
    ("how", "reason"), [("dropped-out", "not-engaged"), ("incarcerated", "returned-to-custody"), ("died", "died"), ("other", "other")]
)
async def test_who_leaves_fails_the_referral(referral: ServiceUnderTest, how: str, reason: str) -> None:
    """Source: contracts section 3, standards section 2."""
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1, to=CENTRE), started(person, 2), left(person, 2, how))
    assert await statuses(referral, person) == [(2, "failed", CENTRE)]
    (closed,) = [event for event in await referral.appended() if isinstance(event, ReferralClosed)]
    assert (closed.end, closed.reason) == ("failed", reason)


async def test_a_transfer_opens_one_for_the_same_stage(referral: ServiceUnderTest) -> None:
    """Source: standards section 4 (a hand-over n -> n)."""
    await an_entry(referral, STRANGER)
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1, to=CENTRE), started(person, 2), left(person, 2, "transferred", to=STRANGER))
    assert await statuses(referral, person) == [(2, "failed", CENTRE), (2, "requested", STRANGER)]


async def test_a_relapse_opens_one_for_the_reopened_stage(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-46; contracts section 3."""
    person = await a_registered(referral)
    await referral.deliver(started(person, 3), relapse(person, 3, None))
    assert await statuses(referral, person) == []
    event = relapse(person, 3, 2)
    envelopes = await referral.deliver(event, relapse(person, 3, 2))
    await referral.deliver_again(*envelopes)
    await referral.deliver(RelapseWithdrawn(person_id=person, relapse_id=event.relapse_id, journey_id=JOURNEY))
    assert await statuses(referral, person) == [(2, "requested", None)]
    (told_event,) = [e for e in await referral.appended() if isinstance(e, ReferralOpened)]
    assert (told_event.origin, told_event.from_organisation_id) == ("relapse", CENTRE)


@pytest.mark.parametrize(("answer", "left_as"), [(None, "entered-in-error"), ("accepted", "accepted")])
async def test_what_a_relapse_opened_goes_with_it_unless_somebody_accepted(
    referral: ServiceUnderTest, answer: str | None, left_as: str
) -> None:
    """Source: issue of corrections, section 1."""
    await an_entry(referral, STRANGER)
    person = await a_registered(referral)
    event = relapse(person, 3, 2)
    await referral.deliver(opened(person), started(person, 3), event)
    (row,) = await referral.fetch("SELECT referral_id FROM referral")
    if answer:
        assert await change(referral, row["referral_id"], answer, coordinator(STRANGER)) == 200
    gone = {"stage": 3, "spell": 1, "takes_back": 2, "is_last": True}
    withdrawn = RelapseWithdrawn.model_validate(
        {"person_id": person, "relapse_id": event.relapse_id, "journey_id": JOURNEY, **gone},
    )
    envelopes = await referral.deliver(withdrawn)
    await referral.deliver_again(*envelopes)
    assert [status for _, status, _ in await statuses(referral, person)] == [left_as]
    assert ("answer-due" in await deadlines(referral)) is False


async def test_who_waited_for_a_skipped_stage_waits_for_the_following(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-01."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1, to=CENTRE), skipped(person, 2), skipped(person, 4))
    assert await statuses(referral, person) == [(2, "cancelled", CENTRE), (3, "requested", None)]
    await referral.deliver(started(person, 3), completed(person, 3, organisation_id=CENTRE))
    assert (await statuses(referral, person))[1:] == [(3, "completed", CENTRE), (5, "requested", None)]


async def test_imported_history_sets_no_deadlines(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3, in both orders of journey and completion."""
    one, other = await a_registered(referral), await a_registered(referral)
    await referral.deliver(opened(one, imported=True), completed(one, 1), completed(other, 1, imported=True))
    assert await deadlines(referral) == []
    rows = await referral.fetch("SELECT due_on, imported FROM referral")
    assert [tuple(row) for row in rows] == [(None, True), (None, True)]


async def test_the_dead_and_the_erased_are_referred_nowhere(referral: ServiceUnderTest) -> None:
    """Source: delivery section 4 (a tombstone wins)."""
    person = await a_registered(referral)
    await a_death(referral, person)
    await referral.deliver(completed(person, 1))
    assert await statuses(referral, person) == []


async def test_a_completed_journey_waits_for_nothing(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-02."""
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1), JourneyCompleted(person_id=person, journey_id=JOURNEY, completed_on=TODAY))
    assert await statuses(referral, person) == [(2, "cancelled", None)]
    assert await deadlines(referral) == []


async def test_a_concern_is_seen_by_who_holds_the_person(referral: ServiceUnderTest) -> None:
    """Source: mission row 000-08; OUR-01 for the holder, the topics in both orders."""
    for organisation in (CLINIC, CENTRE):
        await an_entry(referral, organisation)
    for order in permutations(range(2)):
        person, concern, journey = await a_registered(referral), uuid4(), uuid4()
        events = [opened(person, journey), ConcernRaised(person_id=person, concern_id=concern, severity="mild")]
        await referral.deliver(*(events[place] for place in order))
        assert [c["state"] for c in await concerns(referral, CLINIC, concern)] == ["raised"]
        assert await concerns(referral, CENTRE, concern) == []
        await referral.deliver(started(person, 2).model_copy(update={"journey_id": journey}))
        assert await concerns(referral, CLINIC, concern) == []
        seen = ConcernRead(person_id=person, concern_id=concern), ConcernEscalated(person_id=person, concern_id=concern)
        await referral.deliver(*seen)
        (shown,) = await concerns(referral, CENTRE, concern)
        assert (shown["state"], shown["severity"]) == ("escalated", "severe")
        envelopes = await referral.deliver(ConcernAnswered(person_id=person, concern_id=concern))
        await referral.deliver_again(*envelopes)
        assert [c["state"] for c in await concerns(referral, CENTRE, concern)] == ["answered"]
        await referral.deliver(ConcernWithdrawn(person_id=person, concern_id=concern))
        assert await concerns(referral, CENTRE, concern) == []
        (kept,) = await concerns(referral, CENTRE, concern, "?state=entered-in-error")
        assert kept["state"] == "entered-in-error"


async def concerns(service: ServiceUnderTest, organisation_id: UUID, concern_id: UUID, sought: str = "") -> list[dict[str, str]]:
    found = (await service.call("GET", f"/concerns{sought}", coordinator(organisation_id))).json()["items"]
    return [concern for concern in found if concern["concern_id"] == str(concern_id)]


async def test_an_instruction_is_seen_by_the_regions_asked(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-13."""
    await an_entry(referral, CLINIC)
    await an_entry(referral, CENTRE, region="UZ-SA")
    instruction = uuid4()
    issued = InstructionIssued(instruction_id=instruction, regions=("UZ-TK",), due_on=TODAY)
    await referral.deliver(issued, InstructionClosed(instruction_id=instruction))
    for caller, count in ((coordinator(CLINIC), 1), (coordinator(CENTRE), 0), (a_caller("region", regions=("UZ-TK",)), 1)):
        items = (await referral.call("GET", "/instructions", caller)).json()["items"]
        assert [item["is_closed"] for item in items] == [True] * count
    await referral.deliver(InstructionClosed(instruction_id=instruction, in_error=True), issued)
    mistaken = await referral.call("GET", "/instructions", a_caller("region", regions=("UZ-TK",)))
    assert mistaken.json()["items"] == [], "issued by mistake"
