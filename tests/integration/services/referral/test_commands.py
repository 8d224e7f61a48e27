"""Referral's commands over HTTP on a real database: each refusal, each effect once, the same key twice."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from shared.events.referral import (
    OrganisationChanged,
    PersonRegistered,
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
    a_registered,
    a_request,
    an_entry,
    change,
    coordinator,
    deadlines,
    left,
    opened,
    registrar,
    started,
    statuses,
    system,
    the_person,
)
from tests.harness import ServiceUnderTest, a_caller


async def test_an_organisation_changes_its_own_entry_only(referral: ServiceUnderTest) -> None:
    """Source: mission rows 002-10, 002-11, 002-43."""
    body = {"name": "x", "level": "meso", "kind": "ngo", "region": "UZ-TK", "services": []}
    assert (await referral.call("PUT", f"/organisations/{CENTRE}", registrar(CLINIC), json=body)).status_code == 404
    await an_entry(referral, CLINIC)
    await an_entry(referral, CLINIC, stage=3)
    (shown,) = (await referral.call("GET", "/organisations?region=UZ&kind=medical-organisation", coordinator(CENTRE))).json()["items"]
    assert (shown["level"], [s["stage"] for s in shown["services"]]) == ("meso", [3])
    assert (await referral.call("GET", "/organisations?stage=2", coordinator(CENTRE))).json()["items"] == []
    assert [type(event) for event in await referral.appended()] == [OrganisationChanged] * 4


async def test_places_and_the_position_are_dated(referral: ServiceUnderTest) -> None:
    """Source: mission rows 002-40, 000-62."""
    await an_entry(referral, CENTRE, places=None)
    path = f"/organisations/{CENTRE}"
    places = {"places_free": 0, "as_of": "2026-03-02"}
    assert (await referral.call("PUT", f"{path}/services/4/places", registrar(CENTRE), json=places)).status_code == 404
    assert (await referral.call("PUT", f"{path}/services/2/places", registrar(CENTRE), json=places)).status_code == 200
    older = {"places_free": 9, "as_of": "2026-02-01"}
    assert (await referral.call("PUT", f"{path}/services/2/places", registrar(CENTRE), json=older)).status_code == 200
    assert (await referral.call("GET", "/organisations?position=confirmed", registrar(CENTRE))).json()["items"] == []
    confirmed = {"confirmed_on": "2026-03-01"}
    assert (await referral.call("PUT", f"{path}/position", registrar(CENTRE), json=confirmed)).status_code == 200
    (shown,) = (await referral.call("GET", "/organisations?position=confirmed", registrar(CENTRE))).json()["items"]
    assert (shown["services"][0]["places_free"], shown["position_confirmed_on"]) == (0, "2026-03-01")


async def test_the_regions_are_a_tree_with_districts(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-43."""
    body = {"districts": [{"code": "UZ-TK-CHI", "name": "Chilonzor"}]}
    assert (await referral.call("PUT", "/regions/UZ-TK/districts", registrar(), json=body)).status_code == 403
    assert (await referral.call("PUT", "/regions/UZ-SA/districts", a_caller("ministry"), json=body)).status_code == 422
    assert (await referral.call("PUT", "/regions/UZ-TK/districts", a_caller("ministry"), json=body)).status_code == 200
    (state,) = (await referral.call("GET", "/regions", registrar())).json()["roots"]
    assert (state["code"], len(state["below"])) == ("UZ", 14)
    (below,) = next(region["below"] for region in state["below"] if region["code"] == "UZ-TK")
    assert below["code"] == "UZ-TK-CHI"
    await an_entry(referral, CENTRE, region="UZ-TK-CHI")
    person = await a_registered(referral, region="UZ-TK")
    await a_request(referral, person)
    assert PlaceNotFound not in [type(event) for event in await referral.appended()]


async def test_the_same_key_registers_one_person(referral: ServiceUnderTest) -> None:
    """Source: mission rows 001-03, 001-04; delivery section 2."""
    categories = [{"code": "addiction", "since": "2026-01-01"}, {"code": "former-prisoner", "since": "2025-01-01", "until": "2025-06-01"}]
    body = {"name": "0051-0123", "region": "UZ-TK", "birth_on": "2000-05-01", "categories": categories}
    key = str(uuid4())
    answers = [(await referral.call("POST", "/persons", coordinator(), json=body, key=key)).json() for _ in range(2)]
    assert answers[0] == answers[1]
    (registered,) = await referral.appended()
    known = {"region": "UZ-TK", "life_period": "adult", "organisation_id": CLINIC}
    assert registered == PersonRegistered.model_validate({"person_id": answers[0]["id"], **known})
    stroke = {"code": "stroke", "since": "2026-02-01"}
    assert (await referral.call("POST", f"/persons/{answers[0]['id']}/categories", coordinator(), json=stroke)).status_code == 201
    shown = (await referral.call("GET", f"/persons/{answers[0]['id']}", coordinator())).json()
    assert (shown["identity"]["name"], shown["role_text"]) == ("0051-0123", "decides-alone")
    assert [c["code"] for c in shown["identity"]["categories"]] == ["former-prisoner", "addiction", "stroke"]


async def test_refusals_carry_no_value(referral: ServiceUnderTest) -> None:
    """Source: delivery section 7, mission row 001-04."""
    body = {"name": "0051-0123", "region": "UZ-ZZ", "categories": [{"code": "addiction", "since": "2026-01-02", "until": "2026-01-01"}]}
    answer = await referral.call("POST", "/persons", coordinator(), json=body)
    assert answer.status_code == 422
    assert answer.json()["unmet"] == ["region-known", "category-ends-after-it-begins"]
    assert "0051-0123" not in answer.text and "UZ-ZZ" not in answer.text
    assert await referral.fetch("SELECT FROM person") == []


async def test_a_referral_goes_its_way(referral: ServiceUnderTest) -> None:
    """Source: standards section 1, mission row 002-06."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    assert await deadlines(referral) == ["answer-due", "handover-due"]
    assert await change(referral, asked, "accepted", coordinator(CLINIC)) == 422
    assert await change(referral, asked, "accepted", coordinator(STRANGER)) == 404
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert await deadlines(referral) == ["handover-due"]
    assert await change(referral, asked, "in-progress", system(CENTRE)) == 200
    assert await deadlines(referral) == []
    assert await change(referral, asked, "failed", coordinator(CENTRE)) == 422
    assert await change(referral, asked, "failed", coordinator(CENTRE), "moved") == 200
    assert await change(referral, asked, "in-progress", coordinator(CENTRE)) == 422
    told = [event for event in await referral.appended() if "referral_id" in type(event).model_fields]
    assert [type(event) for event in told] == [ReferralOpened, ReferralAnswered, ReferralStarted, ReferralClosed]
    shown = (await referral.call("GET", f"/referrals/{asked}", coordinator())).json()
    assert [line["to_status"] for line in shown["history"]] == ["requested", "accepted", "in-progress", "failed"]
    assert [line["actor"] for line in shown["history"]] == ["requester", "target", "target", "target"]
    assert (shown["business_status"], shown["due_on"]) == ("fulfilment-cancelled", "2026-03-10")


async def test_history_cannot_be_edited(referral: ServiceUnderTest) -> None:
    """Source: standards section 1 (undo is never an edit), privacy section 3."""
    sql = "SELECT bool_or(has_table_privilege($1, t, 'UPDATE, DELETE')) AS x FROM unnest(ARRAY['referral_history', 'disclosure']) AS t"
    for login in ("referral_api", "referral_worker"):
        assert not (await referral.fetch(sql, login))[0]["x"]


async def test_a_person_has_one_open_referral_a_stage(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    await an_entry(referral, CENTRE)
    await an_entry(referral, STRANGER)
    person = await a_registered(referral)
    first = await a_request(referral, person)
    assert await a_request(referral, person, to_organisation_id=str(CENTRE)) == first
    assert await a_request(referral, person, to_organisation_id=str(STRANGER)) == first
    assert await statuses(referral, person) == [(2, "requested", STRANGER)]
    assert await change(referral, first, "accepted", coordinator(STRANGER)) == 200
    body = {"person_id": str(person), "stage": 2, "to_organisation_id": str(CENTRE)}
    refused = await referral.call("POST", "/referrals", coordinator(), json=body)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["open-referral-not-answered"])
    assert [type(e) for e in (await referral.appended())[-3:]] == [ReferralAddressed, ReferralAddressed, ReferralAnswered]


@pytest.mark.parametrize("asked_by", [CLINIC, CENTRE], ids=["the same as before", "another"])
async def test_who_just_ended_a_stay_refers_again_as_soon_as_the_end_is_heard(referral: ServiceUnderTest, asked_by: UUID) -> None:
    """Its own open referral is no refusal: the end of the stay may be on its way. Source: issue of corrections, section 1."""
    await an_entry(referral, CENTRE)
    await an_entry(referral, STRANGER)
    person = await a_registered(referral, asked_by)
    await referral.deliver(opened(person, organisation_id=asked_by), started(person, 1, asked_by))
    await a_request(referral, person, coordinator(asked_by), to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    await referral.deliver(started(person, 2))
    body = {"person_id": str(person), "stage": 2, "to_organisation_id": str(STRANGER), "journey_id": str(JOURNEY)}
    early = await referral.call("POST", "/referrals", coordinator(CENTRE), json=body)
    told = (early.status_code, early.json()["type"], early.headers["retry-after"])
    assert told == (409, "urn:throughcare:problem:not-yet-known", "1")
    await referral.deliver(left(person, 2, "dropped-out"))
    assert (await referral.call("POST", "/referrals", coordinator(CENTRE), json=body)).status_code == 201
    assert await statuses(referral, person) == [(2, "failed", CENTRE), (2, "requested", STRANGER)]


async def test_an_own_stay_that_goes_on_is_a_refusal_once_enough_was_heard(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    await an_entry(referral, STRANGER)
    person = await a_registered(referral)
    await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    await referral.deliver(started(person, 2))
    body = {"person_id": str(person), "stage": 2, "to_organisation_id": str(STRANGER), "journey_id": str(JOURNEY)}
    assert (await referral.call("POST", "/referrals", coordinator(CENTRE), json=body)).status_code == 409
    await referral.fetch("INSERT INTO heard (topic, up_to) VALUES ('programme', $1)", referral.now + timedelta(minutes=1))
    refused = await referral.call("POST", "/referrals", coordinator(CENTRE), json=body)
    assert (refused.status_code, refused.json()["unmet"]) == (
        422,
        ["no-open-referral-of-another-for-this-stage", "open-referral-not-answered"],
    )


async def test_a_rejected_referral_is_replaced_never_reopened(referral: ServiceUnderTest) -> None:
    """Source: standards section 1."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    first = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, first, "rejected", coordinator(CENTRE), "no-capacity") == 200
    assert await change(referral, first, "requested", coordinator()) == 422
    second = await a_request(referral, person, replaces=str(first))
    assert second != first
    assert (await referral.call("GET", f"/referrals/{second}", coordinator())).json()["replaces"] == str(first)


async def test_the_first_to_accept_owns_it(referral: ServiceUnderTest) -> None:
    """Source: standards section 1, mission row 000-62; privacy section 1 (unnamed before acceptance)."""
    for organisation in (CENTRE, STRANGER):
        await an_entry(referral, organisation)
    await an_entry(referral, CLINIC, stage=2, region="UZ-SA")
    person = await a_registered(referral)
    asked = await a_request(referral, person)
    (listed,) = (await referral.call("GET", "/referrals?direction=in", coordinator(CENTRE))).json()["items"]
    assert (listed["id"], listed["person_id"]) == (str(asked), None)
    assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 422
    assert await change(referral, asked, "accepted", coordinator(STRANGER)) == 200
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 404
    assert (await referral.call("GET", "/referrals?direction=in", coordinator(CENTRE))).json()["items"] == []
    assert await statuses(referral, person) == [(2, "accepted", STRANGER)]


async def test_nobody_qualified_is_told_once(referral: ServiceUnderTest) -> None:
    """Source: mission row 000-62."""
    await an_entry(referral, CENTRE, places=0)
    await an_entry(referral, STRANGER, region="UZ-SA")
    person = await a_registered(referral)
    await a_request(referral, person)
    await a_request(referral, person)
    assert [type(e) for e in await referral.appended()].count(PlaceNotFound) == 1


async def test_a_person_refers_itself(referral: ServiceUnderTest) -> None:
    """Source: mission row 001-11."""
    person = await a_registered(referral)
    body = {"stage": 4, "to_organisation_id": None}
    assert (await referral.call("POST", "/self-referrals", the_person(uuid4()), json=body)).status_code == 404
    assert (await referral.call("POST", "/self-referrals", a_caller("person", sub="x"), json=body)).status_code == 404
    answer = await referral.call("POST", "/self-referrals", the_person(person), json=body)
    assert answer.status_code == 201
    (mine,) = (await referral.call("GET", "/referrals", the_person(person))).json()["items"]
    assert (mine["origin"], mine["source"], mine["person_id"]) == ("self", "6", str(person))
    assert await change(referral, UUID(answer.json()["id"]), "cancelled", the_person(person), "other") == 200


async def test_what_is_imported_owes_no_answer(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3 (imported history sets no deadlines)."""
    person = await a_registered(referral)
    body = {"person_id": str(person), "stage": 2, "imported": True}
    assert (await referral.call("POST", "/referrals", coordinator(), json=body)).status_code == 422
    await a_request(referral, person, caller=system(), imported=True)
    await referral.deliver(opened(person, imported=True))
    await a_request(referral, person, stage=3, journey_id=str(JOURNEY))
    assert await deadlines(referral) == []
    assert {event.due_on for event in await referral.appended() if isinstance(event, ReferralOpened)} == {None}


async def test_a_referral_made_after_its_start_was_heard_is_in_progress(referral: ServiceUnderTest) -> None:
    """Source: contracts section 3 (topics in both orders)."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(started(person, 2))
    await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await statuses(referral, person) == [(2, "in-progress", CENTRE)]


async def test_place_and_method_stand_with_each_programme(referral: ServiceUnderTest) -> None:
    """Source: mission row 002-19."""
    await an_entry(referral, CENTRE)
    shown = (await referral.call("GET", f"/organisations/{CENTRE}", coordinator())).json()
    assert [(one["programme"], one["setting"]) for one in shown["services"]] == [("naltrexone", "outpatient")]
