"""What programme hears: each event once, twice, out of order and with other events in both orders."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from shared.events import Event
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernWithdrawn
from shared.events.referral import (
    ConsentGiven,
    ConsentRevoked,
    EmergencyAccessGiven,
    PersonCameOfAge,
    PersonDeathReversed,
    PersonDied,
    PersonErased,
    PersonMerged,
    PersonRegistered,
    ReferralAddressed,
    ReferralAnswered,
    ReferralClosed,
)
from tests.builders_programme import Clinic, a_clinic, an_organisation
from tests.harness import ServiceUnderTest

ON = date(2026, 2, 1)
TABLES = ("organisation", "person", "consent", "emergency_access", "party", "accepted_referral", "concern", "outbox", "deadline")


def answered(person_id: UUID, organisation_id: UUID, journey_id: UUID | None = None, answer: str = "accepted") -> ReferralAnswered:
    return ReferralAnswered.model_validate(
        {
            "person_id": person_id,
            "referral_id": REFERRAL,
            "journey_id": journey_id,
            "stage": 2,
            "organisation_id": organisation_id,
            "answer": answer,
            "reason": None,
            "in_time": True,
        }
    )


PERSON, ORGANISATION, CONSENT, REFERRAL, CONCERN = (UUID(int=number) for number in (1, 2, 3, 5, 6))
HEARD: list[Event] = [
    an_organisation(ORGANISATION),
    PersonRegistered(person_id=PERSON, region="UZ-TK", life_period="minor"),
    PersonCameOfAge(person_id=PERSON, on=ON),
    PersonDied(person_id=PERSON, on=ON),
    PersonDeathReversed(person_id=PERSON),
    EmergencyAccessGiven(person_id=PERSON, organisation_id=ORGANISATION, until=datetime(2026, 3, 3, tzinfo=UTC)),
    ConsentGiven(person_id=PERSON, consent_id=CONSENT, scope="full-record", to=ORGANISATION, until=None),
    ConsentRevoked(person_id=PERSON, consent_id=CONSENT),
    answered(PERSON, ORGANISATION),
    answered(PERSON, ORGANISATION, UUID(int=4)),
    ReferralAddressed(person_id=PERSON, referral_id=REFERRAL, journey_id=None, stage=2, to_organisation_id=UUID(int=10), due_on=None),
    answered(PERSON, UUID(int=10)),
    ReferralClosed(person_id=PERSON, referral_id=REFERRAL, journey_id=None, stage=2, end="cancelled", reason="moved"),
    ConcernRaised(person_id=PERSON, concern_id=CONCERN, severity="mild"),
    ConcernEscalated(person_id=PERSON, concern_id=CONCERN),
    ConcernAnswered(person_id=PERSON, concern_id=CONCERN),
    ConcernWithdrawn(person_id=PERSON, concern_id=uuid4()),
    answered(PERSON, ORGANISATION),
    PersonMerged(person_id=PERSON, into_id=UUID(int=9)),
    PersonErased(person_id=PERSON, on=ON),
]


async def all_rows(programme: ServiceUnderTest) -> list[list[tuple[object, ...]]]:
    return [[tuple(row) for row in await programme.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")] for table in TABLES]


async def test_an_event_delivered_twice_takes_effect_once(programme: ServiceUnderTest) -> None:
    before = await all_rows(programme)
    for event in HEARD:
        envelopes = await programme.deliver(event)
        once = await all_rows(programme)
        assert once != before, f"{type(event).__name__} takes effect"
        await programme.deliver_again(*envelopes)
        assert await all_rows(programme) == once
        before = once


async def test_events_of_a_person_out_of_order_take_effect_in_order(programme: ServiceUnderTest) -> None:
    envelopes = [programme.envelope(event) for event in HEARD[1:]]
    await programme.deliver_again(*reversed(envelopes))
    (person,) = await programme.fetch("SELECT * FROM person")
    assert (person["life_period"], person["died_on"], person["death_reversed"], person["erased_on"]) == ("adult", None, True, ON)
    assert [row["revoked"] for row in await programme.fetch("SELECT revoked FROM consent")] == [True]


async def test_a_handler_needs_no_row_that_another_event_brings(programme: ServiceUnderTest) -> None:
    """Source: house section 5, rule 6."""
    for event in reversed(HEARD):
        await programme.deliver(event.model_copy(update={"person_id": uuid4()}) if hasattr(event, "person_id") else event)
    assert await programme.fetch("SELECT * FROM parked") == []


@pytest.mark.parametrize("organisation_first", [True, False])
async def test_an_accepted_referral_makes_a_party_in_both_orders(programme: ServiceUnderTest, organisation_first: bool) -> None:
    """Source: contracts section 3."""
    clinic, other, person_id = await a_clinic(programme), Clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    heard: list[Event] = [an_organisation(other.organisation_id), answered(person_id, other.organisation_id, journey_id)]
    await programme.deliver(*(heard if organisation_first else reversed(heard)))
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 200
    await other.send("PUT", f"/journeys/{journey_id}/stages/1/skip", {"how": "not-needed", "reason": "not-eligible"})
    assert (await other.start(journey_id, 2, "2025-07-01")).status_code == 200


@pytest.mark.parametrize("journey_first", [True, False])
async def test_one_that_names_no_journey_counts_for_the_persons_own(programme: ServiceUnderTest, journey_first: bool) -> None:
    clinic, other, person_id = await a_clinic(programme), await a_clinic(programme), uuid4()
    if journey_first:
        journey_id = await clinic.open(person_id)
    await programme.deliver(answered(person_id, other.organisation_id))
    if not journey_first:
        journey_id = await clinic.open(person_id)
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 200


async def test_a_cancelled_referral_takes_its_right_away_and_no_other(programme: ServiceUnderTest) -> None:
    """Source: privacy section 1."""
    clinic, other, person_id = await a_clinic(programme), await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    await programme.deliver(answered(person_id, other.organisation_id, journey_id), answered(person_id, clinic.organisation_id, journey_id))
    closed = ReferralClosed(person_id=person_id, referral_id=REFERRAL, journey_id=journey_id, stage=2, end="cancelled", reason="moved")
    await programme.deliver(closed)
    assert [(await one.get(f"/journeys/{journey_id}")).status_code for one in (clinic, other)] == [200, 404]


async def test_a_referral_of_one_person_opens_no_journey_of_another(programme: ServiceUnderTest) -> None:
    """Source: privacy section 1: a referral may name any journey, and gives rights on its own person's alone."""
    clinic, other = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await programme.deliver(answered(uuid4(), other.organisation_id, journey_id))
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 404


async def test_open_concerns_are_counted_for_those_who_deliver(programme: ServiceUnderTest) -> None:
    clinic, other, person_id = await a_clinic(programme), await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    concerns = [ConcernRaised(person_id=person_id, concern_id=uuid4(), severity="mild") for _ in range(3)]
    await programme.deliver(*concerns, answered(person_id, other.organisation_id, journey_id))
    await programme.deliver(ConcernAnswered(person_id=person_id, concern_id=concerns[0].concern_id))
    await programme.deliver(ConcernWithdrawn(person_id=person_id, concern_id=concerns[1].concern_id))
    views = [(await one.get(f"/journeys/{journey_id}")).json()["open_concerns"] for one in (clinic, other)]
    assert views == [1, None]


async def test_a_declined_referral_gives_no_right(programme: ServiceUnderTest) -> None:
    clinic, other, person_id = await a_clinic(programme), await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    await programme.deliver(answered(person_id, other.organisation_id, journey_id, answer="declined"))
    assert (await other.get(f"/journeys/{journey_id}")).status_code == 404


@pytest.mark.parametrize("journey_first", [True, False])
async def test_an_erased_person_is_absent_everywhere(programme: ServiceUnderTest, journey_first: bool) -> None:
    """The tombstone wins in both orders. Source: privacy section 3."""
    clinic, person_id = await a_clinic(programme), uuid4()
    if journey_first:
        journey_id = await clinic.open(person_id)
        await clinic.send("POST", f"/journeys/{journey_id}/goals", {"level": "social", "goal": "a text of the clinic's own"})
        await programme.deliver(PersonErased(person_id=person_id, on=ON))
        assert (await clinic.get(f"/journeys/{journey_id}")).status_code == 404
        assert (await clinic.start(journey_id, 1, "2025-07-01")).status_code == 404
        assert (await clinic.get("/journeys")).json()["items"] == []
        assert await programme.fetch("SELECT * FROM functioning") == []
    else:
        await programme.deliver(PersonErased(person_id=person_id, on=ON))
    await programme.deliver(PersonRegistered(person_id=person_id, region="UZ-TK", life_period="adult"))
    body = {"person_id": str(person_id), "pathway": "addiction-rehabilitation", "opened_on": "2025-06-02"}
    assert (await clinic.send("POST", "/journeys", body)).status_code == 404


async def test_no_stage_starts_after_the_death(programme: ServiceUnderTest) -> None:
    clinic, person_id = await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    await programme.deliver(PersonDied(person_id=person_id, on=ON))
    assert (await clinic.start(journey_id, 1, "2026-02-02")).json()["unmet"] == ["not-after-death"]
    assert (await clinic.start(journey_id, 1, "2026-02-01")).status_code == 200
