"""A relation exists only through a fact that somebody else, or the person, made; each example of the issue of rights, and their siblings.

Source of all: issue of rights, section 1; contracts section 4.
"""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.family import ConcernRaised
from shared.events.referral import ReferralAnswered
from shared.identity import Caller
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    STRANGER,
    a_consent_request,
    a_given_consent,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    coordinator,
    opened,
    started,
    statuses,
    the_person,
)
from tests.harness import ServiceUnderTest, a_caller

DOORS: list[tuple[str, str, Any]] = [
    ("GET", "/persons/{person}", None),
    ("GET", "/persons/{person}/consents", None),
    ("GET", "/persons/{person}/disclosures", None),
    ("POST", "/persons/{person}/categories", {"code": "stroke", "since": "2026-01-01"}),
    ("PUT", "/persons/{person}/death", {"on": "2026-03-01"}),
    ("POST", "/persons/{person}/death/confirmation", {}),
    ("POST", "/persons/{person}/death/reversal", {"reason": "a mistake"}),
    ("POST", "/persons/{person}/emergency-access", {"reason": "unconscious"}),
    ("POST", "/persons/{person}/consents/{consent}/revocation", {}),
    ("POST", "/persons/{person}/consents", {"scope": "referral", "purpose": "x", "given_on": "2026-03-01", "how": "written"}),
    ("POST", "/referrals", {"stage": 3}),
]


REVOCATION = "POST /persons/{person}/consents/{consent}/revocation"


async def opened_doors(service: ServiceUnderTest, person: UUID, caller: Caller, consent: str) -> list[str]:
    """What a caller reaches of a person whose pseudonym it knows, all ids besides; a refusal for a reason counts as reached."""
    own = {"discloser_organisation_id": str(caller.organisation_id), "to_organisation_id": str(CLINIC)}
    reached = []
    for method, path, body in DOORS:
        more = {"/persons/{person}/consents": own, "/referrals": {"person_id": str(person)}}.get(path, {})
        sent = None if body is None else body | more
        answer = await service.call(method, path.format(person=person, consent=consent), caller, json=sent)
        assert answer.status_code < 500
        reached += [] if answer.status_code == 404 else [f"{method} {path}"]
    return reached


async def an_asked(service: ServiceUnderTest) -> tuple[UUID, UUID, str]:
    """A person whom CLINIC registered and asked CENTRE to take, and a consent that CLINIC may tell STRANGER."""
    for organisation in (CENTRE, STRANGER):
        await an_entry(service, organisation)
    person = await a_registered(service)
    asked = await a_request(service, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    consent = (await a_given_consent(service, person, to_organisation_id=str(STRANGER))).json()["id"]
    return person, asked, consent


async def seen_in(service: ServiceUnderTest, asked: UUID, organisation: UUID) -> tuple[Any, Any, Any]:
    """The pseudonym, the journey and the name that the referral shows, alike in the list."""
    shown = (await service.call("GET", f"/referrals/{asked}", coordinator(organisation))).json()
    listed = (await service.call("GET", "/referrals?direction=in", coordinator(organisation))).json()["items"]
    assert [(row["person_id"], row["journey_id"]) for row in listed] == [(shown["person_id"], shown["journey_id"])]
    assert (shown["history"] == []) == (shown["person_id"] is None)
    return shown["person_id"], shown["journey_id"], shown["person"] and shown["person"]["name"]


async def test_who_is_only_asked_reaches_nothing(referral: ServiceUnderTest) -> None:
    """Not even with the pseudonym: no consent in its own favour, no death, no revocation, no list of consents, no name."""
    person, asked, consent = await an_asked(referral)
    assert await opened_doors(referral, person, coordinator(CENTRE), consent) == []
    favour = await a_given_consent(referral, person, coordinator(CENTRE))
    assert favour.status_code == 404
    assert await seen_in(referral, asked, CENTRE) == (None, None, None)
    assert (await referral.call("GET", f"/referrals/{asked}/motivations", coordinator(CENTRE))).status_code == 404


async def test_who_is_asked_sees_what_its_sender_chose_to_share(referral: ServiceUnderTest) -> None:
    """The name under a consent, never the pseudonym; nothing again once the consent is revoked, as its recipient may."""
    person, asked, _ = await an_asked(referral)
    consent = (await a_given_consent(referral, person)).json()["id"]
    assert await seen_in(referral, asked, CENTRE) == (None, None, "0051-0123")
    assert await opened_doors(referral, person, coordinator(CENTRE), consent) == [REVOCATION]
    assert await seen_in(referral, asked, CENTRE) == (None, None, None)


@pytest.mark.parametrize(
    "end",
    [
        [("rejected", CENTRE)],
        [("cancelled", CENTRE)],
        [("cancelled", CLINIC)],
        [("entered-in-error", CLINIC)],
        [("accepted", CENTRE), ("cancelled", CLINIC)],
        [("accepted", CENTRE), ("failed", CENTRE)],
        [("accepted", CENTRE), ("completed", CENTRE)],
        [("accepted", CENTRE), ("on-hold", CENTRE), ("entered-in-error", CLINIC)],
    ],
    ids=lambda steps: "-".join(f"{to} by {'target' if who == CENTRE else 'sender'}" for to, who in steps),
)
async def test_what_ended_before_a_start_leaves_nothing(referral: ServiceUnderTest, end: list[tuple[Any, UUID]]) -> None:
    """Also where a consent in its favour still stands: a clinic that declined cannot do anything with the pseudonym but revoke that."""
    person, asked, _ = await an_asked(referral)
    consent = (await a_given_consent(referral, person)).json()["id"]
    for to, who in end:
        assert await change(referral, asked, to, coordinator(who), None if to in ("accepted", "completed") else "no-capacity") == 200
    assert await opened_doors(referral, person, coordinator(CENTRE), consent) == [REVOCATION]
    assert await seen_in(referral, asked, CENTRE) == (None, None, None)
    assert "POST /referrals" in await opened_doors(referral, person, coordinator(CLINIC), consent)


async def test_who_declines_is_not_told_whom_in_the_answer(referral: ServiceUnderTest) -> None:
    """The places of its events name the person; asked again with the same key the answer is the same."""
    person, asked, _ = await an_asked(referral)
    body, path = {"to": "rejected", "reason": "no-capacity"}, f"/referrals/{asked}/status"
    answers = [await referral.call("POST", path, coordinator(CENTRE), json=body, key="decline-once") for _ in range(2)]
    assert [(a.status_code, a.json()["status"]) for a in answers] == [(200, "rejected")] * 2
    assert not any(str(person) in str(answer.headers) + answer.text for answer in answers)
    assert [type(e) for e in await referral.appended()].count(ReferralAnswered) == 1


async def test_a_redirected_referral_leaves_nothing_with_who_was_asked_first(referral: ServiceUnderTest) -> None:
    person, asked, consent = await an_asked(referral)
    assert await a_request(referral, person, to_organisation_id=str(STRANGER), journey_id=str(JOURNEY)) == asked
    assert (await referral.call("GET", f"/referrals/{asked}", coordinator(CENTRE))).status_code == 404
    assert (await referral.call("GET", "/referrals?direction=in", coordinator(CENTRE))).json()["items"] == []
    assert await opened_doors(referral, person, coordinator(CENTRE), consent) == []


async def test_accepting_opens_the_case_under_its_pseudonym(referral: ServiceUnderTest) -> None:
    """The name needs a consent besides."""
    person, asked, consent = await an_asked(referral)
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert await seen_in(referral, asked, CENTRE) == (str(person), str(JOURNEY), None)
    assert await opened_doors(referral, person, coordinator(CENTRE), str(uuid4())) == [
        "GET /persons/{person}",
        "GET /persons/{person}/consents",
        "POST /persons/{person}/consents",
        "POST /referrals",
    ]
    (listed,) = (await referral.call("GET", f"/persons/{person}/consents", coordinator(CENTRE))).json()["items"]
    assert (listed["id"], listed["purpose"]) == (consent, None)
    for other, status in ((CENTRE, 404), (STRANGER, 200)):  # its recipient alone
        path = f"/persons/{person}/consents/{consent}/revocation"
        assert (await referral.call("POST", path, coordinator(other), json={})).status_code == status


async def test_what_an_acceptor_sent_is_hidden_from_it_when_it_lost_the_case(referral: ServiceUnderTest) -> None:
    """An organisation once accepted keeps nothing after cancellation, nor what it sent while acceptors could."""
    person, asked, _ = await an_asked(referral)
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    onward = await a_request(referral, person, stage=3)
    await referral.fetch("UPDATE referral SET from_organisation_id = $2 WHERE referral_id = $1", onward, CENTRE)
    assert (await referral.call("GET", f"/referrals/{onward}", coordinator(CENTRE))).json()["person_id"] == str(person)
    assert await change(referral, asked, "cancelled", coordinator(CLINIC), "other") == 200
    assert (await referral.call("GET", f"/referrals/{onward}", coordinator(CENTRE))).status_code == 404
    assert await change(referral, onward, "cancelled", coordinator(CENTRE), "other") == 404
    assert (await referral.call("GET", "/referrals?direction=out", coordinator(CENTRE))).json()["items"] == []


async def test_the_registrar_has_the_case_until_another_organisation_holds_the_person(referral: ServiceUnderTest) -> None:
    """It keeps identity, consents and death; it refers no more."""
    person, _, consent = await an_asked(referral)
    assert "POST /referrals" in await opened_doors(referral, person, coordinator(CLINIC), consent)
    await referral.deliver(started(person, 2, CENTRE))
    reached = await opened_doors(referral, person, coordinator(CLINIC), consent)
    assert "POST /referrals" not in reached and "POST /persons/{person}/emergency-access" not in reached
    assert {"GET /persons/{person}/disclosures", "PUT /persons/{person}/death", "POST /persons/{person}/consents"} <= set(reached)
    shown = (await referral.call("GET", f"/persons/{person}", coordinator(CLINIC))).json()
    assert shown["identity"]["name"] == "0051-0123"
    assert "POST /referrals" in await opened_doors(referral, person, coordinator(CENTRE), consent)


async def test_a_former_holder_sees_nothing_later(referral: ServiceUnderTest) -> None:
    """It reads the person under its pseudonym and follows what it sent; consents, deaths and later requests are not its own."""
    person = await a_registered(referral, STRANGER)
    await referral.deliver(opened(person), started(person, 1, CLINIC), completed(person, 1, to=CENTRE))
    (sent,) = (await referral.call("GET", "/referrals?direction=out", coordinator(CLINIC))).json()["items"]
    await referral.deliver(started(person, 2, CENTRE), completed(person, 2, organisation_id=CENTRE))
    assert await opened_doors(referral, person, coordinator(CLINIC), str(uuid4())) == ["GET /persons/{person}"]
    followed = (await referral.call("GET", f"/referrals/{sent['id']}", coordinator(CLINIC))).json()
    assert (followed["person_id"], followed["status"]) == (str(person), "completed")
    later = (await referral.call("GET", "/referrals?direction=out", coordinator(CENTRE))).json()["items"]
    assert [row["stage"] for row in later] == [3]
    assert (await referral.call("GET", f"/referrals/{later[0]['id']}", coordinator(CLINIC))).status_code == 404


async def test_what_the_pathway_opens_works_as_before(referral: ServiceUnderTest) -> None:
    """A hand-over's request names the next clinic, which sees whom it is about when it accepted, or started."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await referral.deliver(opened(person), started(person, 1, CLINIC), completed(person, 1, to=CENTRE))
    (asked,) = (await referral.call("GET", "/referrals?direction=in", coordinator(CENTRE))).json()["items"]
    assert (asked["person_id"], asked["from_organisation_id"]) == (None, str(CLINIC))
    await referral.deliver(started(person, 2, CENTRE))
    assert await seen_in(referral, UUID(asked["id"]), CENTRE) == (str(person), str(JOURNEY), None)
    await referral.deliver(completed(person, 2, organisation_id=CENTRE))
    assert await seen_in(referral, UUID(asked["id"]), CENTRE) == (str(person), str(JOURNEY), None)


async def test_one_open_to_any_names_nobody_until_it_is_accepted(referral: ServiceUnderTest) -> None:
    for organisation in (CENTRE, STRANGER):
        await an_entry(referral, organisation)
    person = await a_registered(referral)
    asked = await a_request(referral, person)
    assert await seen_in(referral, asked, CENTRE) == (None, None, None)
    assert (await referral.call("POST", f"/referrals/{asked}/consent-requests", coordinator(CENTRE), json={})).status_code == 422
    body = {"scope": "referral", "purpose": "x"}
    assert (await referral.call("POST", f"/referrals/{asked}/consent-requests", coordinator(CENTRE), json=body)).status_code == 404
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert (await seen_in(referral, asked, CENTRE))[0] == str(person)
    assert await opened_doors(referral, person, coordinator(STRANGER), str(uuid4())) == []


async def test_a_person_has_a_relation_to_itself_alone(referral: ServiceUnderTest) -> None:
    person, asked, _ = await an_asked(referral)
    assert (await referral.call("GET", f"/referrals/{asked}", the_person(person))).json()["person_id"] == str(person)
    assert (await referral.call("GET", f"/referrals/{asked}", the_person(uuid4()))).status_code == 404
    assert (await referral.call("POST", "/self-referrals", the_person(uuid4()), json={"stage": 2})).status_code == 404


async def test_unknown_ids_are_told_apart_by_their_owner(referral: ServiceUnderTest) -> None:
    """Persons and organisations are referral's own: 404 and 422 at once. Journeys are programme's: 409."""
    person = await a_registered(referral)
    unknown = str(uuid4())
    for fields, status in (({"person_id": unknown}, 404), ({"to_organisation_id": unknown}, 422), ({"journey_id": unknown}, 409)):
        answer = await referral.call("POST", "/referrals", coordinator(), json={"person_id": str(person), "stage": 2} | fields)
        assert answer.status_code == status, fields
    refused = await a_given_consent(referral, person, to_organisation_id=unknown)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["organisation-known"])
    assert await statuses(referral, person) == []


async def test_events_of_a_person_are_counted_for_who_has_a_relation_only(referral: ServiceUnderTest) -> None:
    """Source: issue of rights, section 5."""
    person, asked, _ = await an_asked(referral)
    path = f"/seen/programme/{person}/1"
    for caller, state in ((coordinator(CLINIC), "has-it"), (coordinator(CENTRE), "waiting"), (a_caller("operator"), "has-it")):
        assert (await referral.call("GET", path, caller)).json() == {"state": state}
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert (await referral.call("GET", path, coordinator(CENTRE))).json() == {"state": "has-it"}


async def test_concerns_are_the_holders_alone(referral: ServiceUnderTest) -> None:
    """Neither who is asked, nor who has accepted, nor who had the person before."""
    await an_entry(referral, CLINIC, stage=1)
    person, asked, _ = await an_asked(referral)
    await referral.deliver(started(person, 1, CLINIC), ConcernRaised(person_id=person, concern_id=uuid4(), severity="mild"))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200

    async def seen_by(organisation: UUID) -> int:
        return len((await referral.call("GET", "/concerns", coordinator(organisation))).json()["items"])

    assert [await seen_by(organisation) for organisation in (CLINIC, CENTRE, STRANGER)] == [1, 0, 0]
    await referral.deliver(completed(person, 1), started(person, 2, CENTRE))
    assert [await seen_by(organisation) for organisation in (CLINIC, CENTRE, STRANGER)] == [0, 1, 0]


async def test_an_answer_is_given_again_only_while_the_right_lasts(referral: ServiceUnderTest) -> None:
    """What the acceptor recorded is not told to it again once it lost the case. Source: issue of rights, section 5."""
    person, asked, _ = await an_asked(referral)
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert (await a_given_consent(referral, person)).status_code == 201
    body, path = {"kind": "call", "by": "coordinator", "on": "2026-03-01"}, f"/referrals/{asked}/motivations"
    for _ in range(2):
        assert (await referral.call("POST", path, coordinator(CENTRE), json=body, key="act-once")).status_code == 201
    assert await change(referral, asked, "cancelled", coordinator(CLINIC), "other") == 200
    again = await referral.call("POST", path, coordinator(CENTRE), json=body, key="act-once")
    assert (again.status_code, again.json()["type"]) == (404, "urn:throughcare:problem:answer-not-found")


async def test_a_request_for_a_consent_shows_no_pseudonym_before_acceptance(referral: ServiceUnderTest) -> None:
    person, asked, _ = await an_asked(referral)
    await a_consent_request(referral, asked)
    for accepts, seen in ((False, None), (True, str(person))):
        if accepts:
            assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
        (listed,) = (await referral.call("GET", "/consent-requests", coordinator(CENTRE))).json()["items"]
        assert listed["person_id"] == seen
