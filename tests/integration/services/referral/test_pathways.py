"""Two pathways side by side: stage 2 of one is never stage 2 of the other, whatever is heard first."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events import Event
from shared.events.programme import JourneyOpened
from shared.events.referral import HandoverOverdue, OrganisationChanged, PlaceNotFound, ReferralAnswered, ReferralOpened, ReferralStarted
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    STRANGER,
    TODAY,
    a_registered,
    a_request,
    a_request_from_before,
    an_entry,
    change,
    completed,
    confirm,
    coordinator,
    deadlines,
    left,
    opened,
    opened_on,
    registrar,
    relapse,
    skipped,
    started,
    statuses,
    system,
    the_person,
)
from tests.harness import ServiceUnderTest, an_envelope

PRISON, CODES = "return-from-prison", ("arrival", "work", "home")
OTHER = UUID(int=13)
"""The journey on the other pathway; JOURNEY is on addiction-rehabilitation."""


def on_other(event: Event) -> Event:
    return event.model_copy(update={"journey_id": OTHER})


def other_opened(person_id: UUID, codes: tuple[str, ...] = CODES, **fields: Any) -> JourneyOpened:
    return opened_on(PRISON, person_id, OTHER, codes, **fields)


async def kept(service: ServiceUnderTest, person_id: UUID) -> list[tuple[str, int, str, str]]:
    """The person's referrals as (pathway, stage, code, status), in the order they were opened."""
    rows = await service.fetch(
        "SELECT pathway, stage, stage_code, status FROM referral WHERE person_id = $1 ORDER BY opened_at, referral_id", person_id
    )
    return [tuple(row) for row in rows]


async def services(service: ServiceUnderTest, query: str) -> list[tuple[str, int, str]]:
    items = (await service.call("GET", f"/organisations?{query}", coordinator())).json()["items"]
    return [(one["pathway"], one["stage"], one["stage_code"]) for item in items for one in item["services"]]


async def test_a_person_waits_on_two_journeys_for_two_second_stages(referral: ServiceUnderTest) -> None:
    """Each delivered twice. Source: contracts section 3."""
    person = await a_registered(referral)
    envelopes = await referral.deliver(opened(person), other_opened(person), completed(person, 1), on_other(completed(person, 1)))
    await referral.deliver_again(*envelopes)
    assert await kept(referral, person) == [
        ("addiction-rehabilitation", 2, "treatment", "requested"),
        (PRISON, 2, "work", "requested"),
    ]
    told = [(e.pathway, e.stage_code, e.limit_days) for e in await referral.appended() if isinstance(e, ReferralOpened)]
    assert told == [("addiction-rehabilitation", "treatment", 21), (PRISON, "work", 21)]


async def test_a_start_of_one_leaves_the_other_alone(referral: ServiceUnderTest) -> None:
    """So do a completion, a skip and an end. Source: contracts section 3."""
    person = await a_registered(referral)
    await referral.deliver(opened(person), other_opened(person), completed(person, 1), on_other(completed(person, 1)))
    await referral.deliver(started(person, 2))
    assert [status for *_, status in await kept(referral, person)] == ["in-progress", "requested"]
    await referral.deliver(on_other(skipped(person, 2)))
    assert [status for *_, status in await kept(referral, person)] == ["in-progress", "cancelled", "requested"]
    await referral.deliver(on_other(started(person, 3)), on_other(left(person, 3, "dropped-out")))
    assert [status for *_, status in await kept(referral, person)] == ["in-progress", "cancelled", "failed"]
    events = [e for e in await referral.appended() if isinstance(e, ReferralAnswered | ReferralStarted)]
    assert [(e.pathway, e.stage) for e in events] == [("addiction-rehabilitation", 2)] * 2 + [(PRISON, 3)] * 2


async def test_who_is_turned_down_on_one_waits_although_the_other_starts(referral: ServiceUnderTest) -> None:
    """Source: mission row OUR-01."""
    await an_entry(referral, CENTRE, pathway=PRISON)
    person = await a_registered(referral)
    await referral.deliver(opened(person), other_opened(person), on_other(completed(person, 1, to=CENTRE)))
    (asked,) = (await referral.call("GET", "/referrals", coordinator(CENTRE))).json()["items"]
    assert (asked["pathway"], asked["stage"], asked["stage_code"]) == (PRISON, 2, "work")
    assert await change(referral, UUID(asked["id"]), "rejected", coordinator(CENTRE), "no-capacity") == 200
    await referral.deliver(started(person, 2, CENTRE))
    assert await deadlines(referral) == ["handover-due"]
    await referral.deliver(on_other(started(person, 2, CENTRE)))
    assert await deadlines(referral) == []


async def test_a_request_of_the_other_does_not_take_the_place_of_one_turned_down(referral: ServiceUnderTest) -> None:
    """Although its stage has the same code. Source: mission row OUR-01."""
    await an_entry(referral, CENTRE, pathway=PRISON)
    person = await a_registered(referral)
    await referral.deliver(other_opened(person, ("arrival", "treatment")), on_other(completed(person, 1, to=CENTRE)))
    (asked,) = await referral.fetch("SELECT referral_id FROM referral")
    assert await change(referral, asked["referral_id"], "rejected", coordinator(CENTRE), "no-capacity") == 200
    referral.now += timedelta(days=1)
    await referral.deliver(opened(person), completed(person, 1), started(person, 2, STRANGER))
    await referral.run_deadlines(datetime(2026, 3, 24, tzinfo=UTC))
    assert [e.pathway for e in await referral.appended() if isinstance(e, HandoverOverdue)] == [PRISON]


async def test_a_service_of_one_never_qualifies_for_the_other(referral: ServiceUnderTest) -> None:
    """Source: mission row 000-62."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(other_opened(person), on_other(completed(person, 1)))
    assert PlaceNotFound in [type(e) for e in await referral.appended()]
    assert (await referral.call("GET", "/referrals", coordinator(CENTRE))).json()["items"] == []
    (asked,) = await referral.fetch("SELECT referral_id FROM referral")
    assert await change(referral, asked["referral_id"], "accepted", coordinator(CENTRE)) == 404
    await an_entry(referral, STRANGER, pathway=PRISON)
    (seen,) = (await referral.call("GET", "/referrals", coordinator(STRANGER))).json()["items"]
    assert (seen["id"], seen["stage_code"]) == (str(asked["referral_id"]), "work")
    assert await change(referral, asked["referral_id"], "accepted", coordinator(STRANGER)) == 200


async def test_one_code_in_two_pathways_means_two_stages(referral: ServiceUnderTest) -> None:
    """Whether it is a real one or the stand-in of pathways not heard of. Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(other_opened(person, ("arrival", "treatment")), on_other(completed(person, 1)), completed(person, 1))
    assert [e.pathway for e in await referral.appended() if isinstance(e, PlaceNotFound)] == [PRISON]
    (seen,) = (await referral.call("GET", "/referrals", coordinator(CENTRE))).json()["items"]
    assert seen["pathway"] == "addiction-rehabilitation"
    await referral.deliver(started(person, 2))
    assert [status for *_, status in await kept(referral, person)] == ["requested", "in-progress"]
    assert await services(referral, f"pathway={PRISON}&stage=2") == await services(referral, f"pathway={PRISON}") == []
    await an_entry(referral, CENTRE, pathway="unheard-of")
    first = await a_request(referral, person, pathway="unheard-of")
    assert await a_request(referral, person, pathway="never-heard-of") != first
    assert [e.pathway for e in await referral.appended() if isinstance(e, PlaceNotFound)] == [PRISON, "never-heard-of"]
    await referral.deliver(on_other(started(person, 2)))
    assert [status for *_, status in await kept(referral, person)] == ["in-progress", "in-progress", "requested", "requested"]


async def test_a_start_on_one_does_not_begin_a_request_for_the_other(referral: ServiceUnderTest) -> None:
    """The start was heard before the request was made. Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(opened(person), other_opened(person), on_other(started(person, 2)))
    assert await confirm(referral, CENTRE, [2, {"pathway": PRISON, "stage": 2}]) == 200
    await a_request(referral, person, to_organisation_id=str(CENTRE))
    body = {"stage": 2, "to_organisation_id": str(CENTRE), "pathway": PRISON}
    assert (await referral.call("POST", "/self-referrals", the_person(person), json=body)).status_code == 201
    assert [(code, status) for _, _, code, status in await kept(referral, person)] == [("treatment", "requested"), ("work", "in-progress")]


async def test_a_relapse_and_a_transfer_ask_for_a_stage_of_their_own_pathway(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    await referral.deliver(other_opened(person), on_other(started(person, 3)), on_other(relapse(person, 3, 2)))
    await referral.deliver(on_other(left(person, 3, "transferred", to=STRANGER)))
    assert [code for _, _, code, _ in await kept(referral, person)] == ["work", "home"]


@pytest.mark.parametrize(("count", "ended", "opens"), [(3, 3, None), (1, 1, None), (20, 5, 6), (20, 20, None)])
async def test_the_next_stage_is_one_of_the_journeys_own(referral: ServiceUnderTest, count: int, ended: int, opens: int | None) -> None:
    """Source: mission row 002-15."""
    person = await a_registered(referral)
    codes = tuple(f"step-{number}" for number in range(1, count + 1))
    await referral.deliver(other_opened(person, codes), on_other(completed(person, ended)))
    assert [stage for _, stage, _, _ in await kept(referral, person)] == ([opens] if opens else [])


async def test_a_service_is_entered_before_its_pathway_is_heard_of(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-10."""
    await an_entry(referral, CENTRE, pathway=PRISON)
    assert await services(referral, f"pathway={PRISON}&stage=2") == [(PRISON, 2, "stage-2")]
    assert await services(referral, "stage=2") == []
    told = [e for e in await referral.appended() if isinstance(e, OrganisationChanged)]
    assert [[(s.pathway, s.stage) for s in event.services] for event in told] == [[(PRISON, 2)]] * 2
    envelopes = await referral.deliver(other_opened(person := await a_registered(referral)), on_other(completed(person, 1)))
    await referral.deliver_again(*envelopes)
    assert await services(referral, f"pathway={PRISON}&stage=2") == await services(referral, f"pathway={PRISON}") == [(PRISON, 2, "work")]
    assert PlaceNotFound not in [type(e) for e in await referral.appended()]
    await an_entry(referral, CENTRE, pathway=PRISON, places=1)
    assert await services(referral, f"pathway={PRISON}") == [(PRISON, 2, "work")]


async def test_places_are_told_of_the_stage_of_one_pathway(referral: ServiceUnderTest) -> None:
    """Source: mission row 000-62."""
    offered = {"stage": 2, "programme": "naltrexone", "setting": "outpatient"}
    entry = {"name": "x", "level": "meso", "kind": "ngo", "region": "UZ-TK", "services": [offered, {**offered, "pathway": PRISON}]}
    assert (await referral.call("PUT", f"/organisations/{CENTRE}", registrar(CENTRE), json=entry)).status_code == 200
    path, places = f"/organisations/{CENTRE}/services/2/places", {"places_free": 7, "as_of": "2026-03-02", "pathway": PRISON}
    assert (await referral.call("PUT", path, registrar(CENTRE), json=places)).status_code == 200
    (shown,) = (await referral.call("GET", "/organisations", coordinator())).json()["items"]
    assert [(s["pathway"], s["places_free"]) for s in shown["services"]] == [("addiction-rehabilitation", None), (PRISON, 7)]
    assert (await referral.call("PUT", path, registrar(CENTRE), json={**places, "pathway": "unheard-of"})).status_code == 404


@pytest.mark.parametrize("journey_heard", ["before", "after"])
async def test_a_request_is_of_the_pathway_of_its_journey(referral: ServiceUnderTest, journey_heard: str) -> None:
    """Also one from before, when a command might name a journey that was not heard of. Source: contracts section 3."""
    person = await a_registered(referral)
    if journey_heard == "before":
        await referral.deliver(other_opened(person))
        await a_request(referral, person, journey_id=str(OTHER))
    else:
        await a_request_from_before(referral, person, OTHER)
        envelopes = await referral.deliver(other_opened(person))
        await referral.deliver_again(*envelopes)
    await referral.deliver(on_other(completed(person, 1)), on_other(started(person, 2)))
    assert await kept(referral, person) == [(PRISON, 2, "work", "in-progress")]


async def test_a_request_for_a_journey_not_heard_of_comes_again(referral: ServiceUnderTest) -> None:
    """Whichever pathway it names; one of somebody else is none. Source: issue of rights, section 1."""
    person, other = await a_registered(referral), await a_registered(referral)
    body = {"person_id": str(person), "stage": 2, "journey_id": str(OTHER)}
    for more in ({}, {"pathway": PRISON}, {"pathway": "unheard-of"}):
        early = await referral.call("POST", "/referrals", coordinator(), json=body | more)
        told = (early.status_code, early.json()["type"], early.headers["retry-after"])
        assert told == (409, "urn:throughcare:problem:not-yet-known", "1")
    assert await kept(referral, person) == []
    await referral.deliver(other_opened(other))
    refused = await referral.call("POST", "/referrals", coordinator(), json=body)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:throughcare:problem:not-yet-known")


async def test_a_request_without_a_journey_gets_its_code_when_the_pathway_is_heard_of(referral: ServiceUnderTest) -> None:
    """By the journey of anybody; its own journey then joins it. Source: mission row 001-11."""
    person = await a_registered(referral)
    body = {"stage": 2, "pathway": PRISON}
    assert (await referral.call("POST", "/self-referrals", the_person(person), json=body)).status_code == 201
    assert await kept(referral, person) == [(PRISON, 2, "stage-2", "requested")]
    await referral.deliver(opened_on(PRISON, uuid4(), uuid4(), CODES))
    assert await kept(referral, person) == [(PRISON, 2, "work", "requested")]
    await referral.deliver(opened(person), other_opened(person), completed(person, 1), on_other(completed(person, 1)))
    assert [code for _, _, code, _ in await kept(referral, person)] == ["work", "treatment"]
    rows = await referral.fetch("SELECT journey_id FROM referral WHERE stage_code = 'work'")
    assert [row["journey_id"] for row in rows] == [OTHER]


async def test_the_newest_version_heard_counts_for_what_names_no_journey(referral: ServiceUnderTest) -> None:
    """In either order; a journey keeps the stages of its own version. Source: mission row 002-12."""
    for versions in ((1, 2), (2, 1)):
        pathway = f"{PRISON}-{versions[0]}"
        codes = {1: ("arrival", "work", "home", "rest"), 2: ("arrival", "school", "home")}
        persons = {version: await a_registered(referral) for version in versions}
        for version in versions:
            await referral.deliver(opened_on(pathway, persons[version], uuid4(), codes[version], version))
        await an_entry(referral, CENTRE, stage=2, pathway=pathway)
        await an_entry(referral, STRANGER, stage=4, pathway=pathway)
        found = await services(referral, f"pathway={pathway}")
        assert sorted(found) == [(pathway, 2, "school"), (pathway, 4, "stage-4")]
        journeys = {row["person_id"]: row["journey_id"] for row in await referral.fetch("SELECT person_id, journey_id FROM journey")}
        for version in versions:
            event = completed(persons[version], 1).model_copy(update={"journey_id": journeys[persons[version]]})
            await referral.deliver(event)
        assert [(await kept(referral, persons[version]))[0][2] for version in (1, 2)] == ["work", "school"]


@pytest.mark.parametrize(
    ("body", "unmet"),
    [
        ({"journey_id": str(OTHER), "pathway": "addiction-rehabilitation"}, ["pathway-of-the-journey"]),
        ({"journey_id": str(OTHER), "stage": 4}, ["stage-of-the-pathway"]),
        ({"journey_id": str(OTHER), "pathway": "unheard-of", "stage": 4}, ["pathway-of-the-journey", "stage-of-the-pathway"]),
        ({"stage": 6}, ["stage-of-the-pathway"]),
        ({"journey_id": str(OTHER), "pathway": PRISON, "stage": 3}, None),
        ({"pathway": "unheard-of", "stage": 20}, None),
    ],
)
async def test_a_request_names_a_stage_that_there_is(referral: ServiceUnderTest, body: dict[str, Any], unmet: list[str] | None) -> None:
    """Source: contracts section 3."""
    person = await a_registered(referral)
    await referral.deliver(other_opened(person))
    answer = await referral.call("POST", "/referrals", coordinator(), json={"person_id": str(person), "stage": 2} | body)
    assert answer.json().get("unmet") == unmet, answer.text
    assert (answer.status_code == 201) == (unmet is None)


async def test_the_journey_of_somebody_else_tells_nothing_of_its_pathway(referral: ServiceUnderTest) -> None:
    """Source: privacy section 1."""
    person = await a_registered(referral)
    await referral.deliver(other_opened(await a_registered(referral)))
    body = {"person_id": str(person), "stage": 5, "journey_id": str(OTHER), "pathway": "unheard-of"}
    assert (await referral.call("POST", "/referrals", coordinator(), json=body)).json()["type"][-13:] == "not-yet-known"


async def hear_older(service: ServiceUnderTest, person_id: UUID, pathway: str) -> None:
    """The opening of OTHER as it travelled before stages were told."""
    event = opened(person_id, OTHER).model_copy(update={"pathway": pathway})
    body = event.model_dump(mode="json", exclude={"stages"})
    seq = service.envelope(event).seq
    await service.deliver_again(an_envelope("programme", person_id, seq, event.type, json.dumps(body).encode()))


async def test_an_older_opening_has_the_five_stages(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-01."""
    person = await a_registered(referral)
    await hear_older(referral, person, "addiction-rehabilitation")
    await referral.deliver(on_other(completed(person, 4)), on_other(started(person, 5)), on_other(completed(person, 5)))
    assert await kept(referral, person) == [("addiction-rehabilitation", 5, "resocialization", "completed")]


async def test_an_older_opening_on_another_pathway_does_not_make_up_its_codes(referral: ServiceUnderTest) -> None:
    """They had five stages too; the codes come with the first journey that tells them. Source: mission row 002-12."""
    person = await a_registered(referral)
    await hear_older(referral, person, PRISON)
    await referral.deliver(on_other(completed(person, 4)))
    assert await kept(referral, person) == [(PRISON, 5, "stage-5", "requested")]
    await referral.deliver(opened_on(PRISON, uuid4(), uuid4(), ("a", "b", "c", "d", "e")))
    await referral.deliver(on_other(started(person, 5)))
    assert await kept(referral, person) == [(PRISON, 5, "e", "in-progress")]
    await referral.deliver(on_other(completed(person, 5)))
    assert await statuses(referral, person) == [(5, "completed", CENTRE)]


async def test_the_limit_is_told_of_imported_history_too(referral: ServiceUnderTest) -> None:
    """It sets no clock. Source: mission row OUR-01."""
    person = await a_registered(referral)
    await referral.deliver(other_opened(person, imported=True), on_other(completed(person, 1)))
    await a_request(referral, await a_registered(referral), system(), imported=True)
    assert [e.limit_days for e in await referral.appended() if isinstance(e, ReferralOpened)] == [21, 21]
    assert await deadlines(referral) == []


async def test_what_falls_due_says_of_which_pathway(referral: ServiceUnderTest) -> None:
    """Source: mission rows 002-22, OUR-01."""
    person = await a_registered(referral)
    await referral.deliver(other_opened(person), on_other(completed(person, 1)))
    await referral.run_deadlines(referral.now.replace(year=TODAY.year + 1))
    due = [e for e in await referral.appended() if type(e).__name__ in ("PlaceNotFound", "AnswerOverdue", "HandoverOverdue")]
    assert [(type(e).__name__, e.model_dump()["pathway"]) for e in due] == [
        ("PlaceNotFound", PRISON),
        ("AnswerOverdue", PRISON),
        ("HandoverOverdue", PRISON),
    ]


async def test_two_journeys_on_one_pathway_ask_each_for_itself(referral: ServiceUnderTest) -> None:
    """At most one open referral a journey and stage. Source: contracts section 3."""
    person, second = await a_registered(referral), uuid4()
    events = [opened(person), opened(person, second), completed(person, 1), completed(person, 1).model_copy(update={"journey_id": second})]
    await referral.deliver(*events)
    assert await statuses(referral, person) == [(2, "requested", None)] * 2
    await referral.deliver(started(person, 2, CLINIC).model_copy(update={"journey_id": second}))
    rows = await referral.fetch("SELECT journey_id, status FROM referral ORDER BY opened_at, referral_id")
    assert [tuple(row) for row in rows] == [(JOURNEY, "requested"), (second, "in-progress")]
