"""Who sees what of persons and referrals: another organisation's object answers like an absent one; identities only under a consent."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.events.referral import ConsentGiven, ConsentRevoked
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    PERSON,
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
    system,
    the_person,
)
from tests.harness import ServiceUnderTest, a_caller

A_CONSENT = {
    "scope": "referral",
    "discloser_organisation_id": str(STRANGER),
    "to_organisation_id": str(CENTRE),
    "purpose": "treatment",
    "given_on": "2026-03-01",
    "how": "written",
}


async def test_a_foreign_object_answers_like_an_absent_one(referral: ServiceUnderTest) -> None:
    """Source: privacy section 1 (cross-organisation: no read, no write)."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    consent = (await a_given_consent(referral, person)).json()["id"]
    sought = await a_consent_request(referral, asked)
    body = {"code": "stroke", "since": "2026-01-01"}
    routes = [
        ("GET", "/persons/{person}", None),
        ("GET", "/persons/{person}/consents", None),
        ("GET", "/persons/{person}/disclosures", None),
        ("PUT", "/persons/{person}/death", {"on": "2026-03-01"}),
        ("POST", "/persons/{person}/death/confirmation", {}),
        ("POST", "/persons/{person}/death/reversal", {"reason": "a mistake"}),
        ("POST", "/persons/{person}/consents", A_CONSENT),
        ("POST", "/persons/{person}/categories", body),
        ("POST", "/persons/{person}/consents/{consent}/revocation", {}),
        ("GET", "/referrals/{asked}", None),
        ("POST", "/referrals/{asked}/status", {"to": "accepted"}),
        ("GET", "/referrals/{asked}/motivations", None),
        ("POST", "/referrals/{asked}/consent-requests", {"scope": "referral", "purpose": "treatment"}),
        ("POST", "/consent-requests/{sought}/confirmation", {"given_on": "2026-03-01", "how": "written"}),
        ("POST", "/consent-requests/{sought}/refusal", {}),
        ("POST", "/referrals/{asked}/motivations", {"kind": "call", "by": "peer", "on": "2026-03-01"}),
    ]
    for method, path, json in routes:
        foreign = path.format(person=person, asked=asked, consent=consent, sought=sought)
        absent = path.format(person=uuid4(), asked=uuid4(), consent=uuid4(), sought=uuid4())
        for caller in (system(STRANGER), coordinator(STRANGER)):
            answers = [await referral.call(method, place, caller, json=json) for place in (foreign, absent)]
            assert [(a.status_code, a.json()["type"]) for a in answers] == [(404, answers[0].json()["type"])] * 2, path
    assert (await referral.call("GET", "/persons", coordinator(STRANGER))).json()["items"] == []
    for path in ("/referrals?direction=in", "/referrals?direction=out", "/consent-requests", "/emergency-accesses"):
        assert (await referral.call("GET", path, coordinator(STRANGER))).json()["items"] == [], path


@pytest.mark.parametrize(
    "role", ["analyst", "ministry", "region", "liaison", "contact", "safeguarding", "operator", "trainer", "registrar"]
)
async def test_other_roles_reach_no_person(referral: ServiceUnderTest, role: str) -> None:
    """Source: privacy section 1, contracts section 1, mission row 002-11."""
    caller = a_caller(role, CLINIC if role in ("trainer", "registrar") else None)
    for path in ("/persons", f"/persons/{PERSON}", f"/persons/{PERSON}/consents", "/referrals", f"/referrals/{uuid4()}", "/concerns"):
        assert (await referral.call("GET", path, caller)).status_code == 403, path
    for path in ("/persons", "/referrals", "/self-referrals", f"/referrals/{uuid4()}/status", f"/persons/{PERSON}/consents"):
        assert (await referral.call("POST", path, caller, json={})).status_code == 403, path


async def test_a_person_reads_only_itself(referral: ServiceUnderTest) -> None:
    """Source: privacy section 1 (the person: own record, own disclosure list)."""
    person, other = await a_registered(referral), await a_registered(referral)
    assert (await referral.call("GET", f"/persons/{person}", the_person(person))).json()["identity"]["name"] == "0051-0123"
    for path in (f"/persons/{other}", f"/persons/{other}/consents", f"/persons/{other}/disclosures"):
        assert (await referral.call("GET", path, the_person(person))).status_code == 404
    assert (await referral.call("GET", "/persons", the_person(person))).status_code == 403


async def test_the_target_sees_who_it_is_only_under_a_valid_consent(referral: ServiceUnderTest) -> None:
    """Source: privacy section 4 (checked when shown; no consent and no data look alike)."""
    for organisation in (CENTRE, STRANGER):
        await an_entry(referral, organisation)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200

    async def seen() -> Any:
        shown = (await referral.call("GET", f"/referrals/{asked}", coordinator(CENTRE))).json()
        whole = (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).json()
        assert (shown["person_id"], shown["person"]) == (str(person), whole["identity"])
        return whole["identity"]

    assert await seen() is None
    others: list[dict[str, Any]] = [{"scope": "pathway-summary"}, {"until": "2026-03-01"}, {"to_organisation_id": str(STRANGER)}]
    for fields in others:
        assert (await a_given_consent(referral, person, **fields)).status_code == 201
        assert await seen() is None
    consent = (await a_given_consent(referral, person)).json()["id"]
    identity = await seen()
    assert identity["name"] == "0051-0123" and "consent" in identity["notice"]
    listed = (await referral.call("GET", f"/persons/{person}/disclosures", the_person(person))).json()["items"]
    assert [(d["what"], d["to_organisation_id"]) for d in listed] == [("referral", str(CENTRE)), ("person", str(CENTRE))]
    for _ in range(2):
        path = f"/persons/{person}/consents/{consent}/revocation"
        assert (await referral.call("POST", path, the_person(person), json={})).status_code == 200
    assert await seen() is None
    told = [e for e in await referral.appended() if isinstance(e, ConsentGiven | ConsentRevoked)]
    assert [type(e) for e in told] == [ConsentGiven] * 4 + [ConsentRevoked]
    shown = (await referral.call("GET", f"/persons/{person}/consents?limit=2", coordinator())).json()
    assert len(shown["items"]) == 2 and shown["next"]


async def test_a_stranger_cannot_name_itself_as_the_one_that_tells(referral: ServiceUnderTest) -> None:
    """Source: privacy section 4 (names who may disclose)."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    await a_request(referral, person, to_organisation_id=str(CENTRE))
    body: dict[str, Any] = {"discloser_organisation_id": str(STRANGER), "to_organisation_id": str(CENTRE)}
    refused = await a_given_consent(referral, person, **body)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["own-organisation-takes-part"])


async def test_a_case_relation_ends_with_the_referral(referral: ServiceUnderTest) -> None:
    """Source: privacy section 2 (a case relation ends at commit)."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).status_code == 200
    assert await change(referral, asked, "failed", coordinator(CENTRE), "no-capacity") == 200
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).status_code == 404


async def test_who_delivers_a_stage_has_a_case_relation(referral: ServiceUnderTest) -> None:
    """Source: privacy section 1 (stages it delivers)."""
    person = await a_registered(referral)
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).status_code == 404
    await referral.deliver(started(person, 2))
    shown = (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).json()
    assert shown["identity"] is None


async def test_a_draft_is_not_seen_by_its_target(referral: ServiceUnderTest) -> None:
    """Source: standards section 1."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    draft = await a_request(referral, person, to_organisation_id=str(CENTRE), draft=True)
    assert (await referral.call("GET", f"/referrals/{draft}", coordinator(CENTRE))).status_code == 404
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).status_code == 404
    assert await change(referral, draft, "requested", coordinator()) == 200
    shown = (await referral.call("GET", f"/referrals/{draft}", coordinator(CENTRE))).json()
    assert (shown["status"], shown["due_on"]) == ("requested", "2026-03-10")


async def test_who_lost_the_person_sends_no_draft_any_more(referral: ServiceUnderTest) -> None:
    """Source: issue of rights, section 1."""
    await an_entry(referral, STRANGER, 4)
    person = await a_registered(referral)
    await referral.deliver(opened(person), started(person, 2))
    draft = await a_request(referral, person, coordinator(CENTRE), stage=4, to_organisation_id=str(STRANGER), draft=True)
    await referral.deliver(completed(person, 2, organisation_id=CENTRE), started(person, 3, CLINIC))
    assert await change(referral, draft, "requested", coordinator(CENTRE)) == 404
    assert (4, "draft", STRANGER) in await statuses(referral, person)
    await an_entry(referral, CENTRE, 5)
    asked = await a_request(referral, person, coordinator(CLINIC), stage=5, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    assert await change(referral, draft, "requested", coordinator(CENTRE)) == 404


async def test_an_acceptance_makes_no_further_referrals(referral: ServiceUnderTest) -> None:
    """Neither to itself nor to a friend; once it has the person it refers on. Source: issue of rights, section 1."""
    await an_entry(referral, CENTRE)
    await an_entry(referral, STRANGER)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE), journey_id=str(JOURNEY))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    body = {"person_id": str(person), "stage": 3, "journey_id": str(JOURNEY)}
    for to in (CENTRE, STRANGER, None):
        early = await referral.call("POST", "/referrals", coordinator(CENTRE), json=body | {"to_organisation_id": to and str(to)})
        assert (early.status_code, early.json()["type"]) == (409, "urn:throughcare:problem:not-yet-known")
    await referral.fetch("INSERT INTO heard (topic, up_to) VALUES ('programme', $1)", referral.now + timedelta(minutes=1))
    refused = await referral.call("POST", "/referrals", coordinator(CENTRE), json=body | {"to_organisation_id": str(CENTRE)})
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["person_id"])
    await referral.deliver(started(person, 2))
    assert (await referral.call("POST", "/referrals", coordinator(CENTRE), json=body)).status_code == 201


async def test_the_day_of_an_act_tells_no_birth_date_and_no_death(referral: ServiceUnderTest) -> None:
    """Refusals from a day on would tell it, day by day. Source: issue of rights, section 1."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral, birth_on="1990-05-17")
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200
    act = {"kind": "call", "by": "coordinator", "on": "1990-05-16"}
    path = f"/referrals/{asked}/motivations"
    assert (await referral.call("POST", path, coordinator(CENTRE), json=act)).status_code == 201
    known = await referral.call("POST", path, coordinator(), json=act)
    assert (known.status_code, known.json()["unmet"]) == (422, ["not-before-birth"])
    await referral.deliver(opened(person), started(person, 2), completed(person, 2, organisation_id=CENTRE), started(person, 3, STRANGER))
    own = await a_request(referral, person, coordinator(STRANGER), stage=4)
    death = f"/persons/{person}/death"
    assert (await referral.call("PUT", death, coordinator(sub="first"), json={"on": "2026-03-01"})).status_code == 200
    assert (await referral.call("POST", f"{death}/confirmation", coordinator(), json={})).status_code == 200
    after = act | {"on": "2026-03-02"}
    for lost in (coordinator(CENTRE), coordinator()):
        for said in (act, after):
            assert (await referral.call("POST", path, lost, json=said)).status_code == 404
    known = await referral.call("POST", f"/referrals/{own}/motivations", coordinator(STRANGER), json=after)
    assert (known.status_code, known.json().get("unmet")) == (422, ["not-after-death"])


async def test_every_read_of_a_person_leaves_an_audit_row(referral: ServiceUnderTest) -> None:
    """Source: privacy section 5."""
    person = await a_registered(referral)
    await referral.deliver(completed(person, 1))
    asked = (await referral.call("GET", "/referrals?direction=out", coordinator())).json()["items"][0]["id"]
    for path in (f"/persons/{person}", "/persons", f"/referrals/{asked}", f"/persons/{person}/consents"):
        assert (await referral.call("GET", path, coordinator())).status_code == 200
    rows = await referral.fetch("SELECT action FROM audit WHERE subject_id = $1 AND action LIKE 'read-%' ORDER BY id", person)
    assert [row["action"] for row in rows] == ["read-person", "read-person", "read-referral", "read-consents"]


async def test_no_fact_carries_a_name_or_a_birth_date(referral: ServiceUnderTest) -> None:
    """Source: privacy section 3 and 7 (canary)."""
    person = await a_registered(referral, name="canary-7341", birth_on="1987-06-05")
    await a_request(referral, person)
    await a_given_consent(referral, person, purpose="canary-7342")
    refused = await referral.call("POST", "/persons", coordinator(), json={"name": "canary-7343", "region": "nowhere"})
    assert refused.status_code == 422 and "canary" not in refused.text
    bodies = [row["body"] for row in await referral.fetch("SELECT body FROM outbox")]
    kept = [row["answer"] for row in await referral.fetch("SELECT answer FROM idempotency")]
    assert not any("canary" in text or "1987" in text for text in bodies + kept)
