"""Consents: who records, asks for, confirms and revokes them; guardians and the day of majority. Source: issue of rights, section 2."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.events.family import GuardianEnded, GuardianNamed
from shared.events.referral import ConsentGiven, ConsentRevoked
from shared.identity import Caller
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    GUARDIAN,
    STRANGER,
    a_consent_request,
    a_given_consent,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    coordinator,
    handed_over,
    started,
    the_person,
)
from tests.harness import ServiceUnderTest

MINOR: dict[str, Any] = {"birth_on": "2008-03-05"}
BY_GUARDIAN: dict[str, Any] = {"given_by": "guardian", "guardian_id": str(GUARDIAN)}
SAID = {"given_on": "2026-03-01", "how": "written"}


async def an_accepted(service: ServiceUnderTest, **person: Any) -> tuple[UUID, UUID]:
    """A person of CLINIC whom CENTRE has accepted; STRANGER offers the stage behind."""
    await an_entry(service, CENTRE)
    await an_entry(service, STRANGER, stage=3)
    person_id = await a_registered(service, **person)
    asked = await a_request(service, person_id, to_organisation_id=str(CENTRE))
    assert await change(service, asked, "accepted", coordinator(CENTRE)) == 200
    return person_id, asked


async def answered(service: ServiceUnderTest, request: UUID, caller: Caller, what: str = "confirmation", **fields: Any) -> Any:
    body = SAID | fields if what == "confirmation" else {}
    return await service.call("POST", f"/consent-requests/{request}/{what}", caller, json=body)


async def name_seen(service: ServiceUnderTest, person_id: UUID, organisation: UUID = CENTRE) -> Any:
    identity = (await service.call("GET", f"/persons/{person_id}", coordinator(organisation))).json()["identity"]
    return identity and identity["name"]


async def told(service: ServiceUnderTest) -> list[type]:
    return [type(event) for event in await service.appended() if isinstance(event, ConsentGiven | ConsentRevoked)]


def named(person_id: UUID, until: date | None = None) -> GuardianNamed:
    return GuardianNamed(person_id=person_id, contact_id=GUARDIAN, basis="parent", until=until)


async def test_nobody_consents_in_its_own_favour(referral: ServiceUnderTest) -> None:
    """The recipient has a relation here; it is not the one that tells."""
    person, _ = await an_accepted(referral)
    refused = await a_given_consent(referral, person, coordinator(CENTRE))
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["own-organisation-takes-part"])
    assert await name_seen(referral, person) is None


async def test_nobody_lets_another_be_told_a_name_it_may_not_see_itself(referral: ServiceUnderTest) -> None:
    """From pseudonym to name with a friend: CENTRE accepted and consents for STRANGER, who is asked."""
    person, _ = await an_accepted(referral)
    onward = await a_request(referral, person, stage=3, to_organisation_id=str(STRANGER))
    fields: dict[str, Any] = {"discloser_organisation_id": str(CENTRE), "to_organisation_id": str(STRANGER)}
    refused = await a_given_consent(referral, person, coordinator(CENTRE), **fields)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["discloser-may-tell-it"])
    assert (await a_given_consent(referral, person, coordinator(CENTRE), **fields, scope="pathway-summary")).status_code == 422
    assert (await referral.call("GET", f"/referrals/{onward}", coordinator(STRANGER))).json()["person"] is None
    assert (await a_given_consent(referral, person)).status_code == 201
    assert (await a_given_consent(referral, person, coordinator(CENTRE), **fields)).status_code == 201
    assert (await referral.call("GET", f"/referrals/{onward}", coordinator(STRANGER))).json()["person"]["name"] == "0051-0123"


async def test_a_holder_without_a_consent_lets_nobody_be_told(referral: ServiceUnderTest) -> None:
    """Else a friend is told and tells it back: neither the name nor a summary."""
    person = await a_registered(referral)
    await referral.deliver(*handed_over(person, CLINIC, CENTRE))
    fields: dict[str, Any] = {"discloser_organisation_id": str(CENTRE), "to_organisation_id": str(STRANGER)}
    await an_entry(referral, CENTRE)
    await an_entry(referral, STRANGER, 3)
    for scope in ("full-record", "referral", "pathway-summary"):
        refused = await a_given_consent(referral, person, coordinator(CENTRE), **fields, scope=scope)
        assert (refused.status_code, refused.json()["unmet"]) == (422, ["discloser-may-tell-it"]), scope
    told = await a_given_consent(referral, person, coordinator(CLINIC), scope="pathway-summary")
    assert told.status_code == 201
    assert (await a_given_consent(referral, person, coordinator(CENTRE), **fields, scope="pathway-summary")).status_code == 201
    assert (await a_given_consent(referral, person, coordinator(CENTRE), **fields, scope="referral")).status_code == 422


async def test_no_refusal_tells_a_birth_date_to_who_may_not_see_it(referral: ServiceUnderTest) -> None:
    person, _ = await an_accepted(referral, birth_on="1990-05-17")
    fields: dict[str, Any] = {"discloser_organisation_id": str(CENTRE), "to_organisation_id": str(STRANGER), "until": "1900-01-01"}
    answers = [await a_given_consent(referral, person, coordinator(CENTRE), **fields, given_on=on) for on in ("1990-05-16", "1990-05-17")]
    assert answers[0].json() == answers[1].json()
    known = await a_given_consent(referral, person, given_on="1990-05-16")
    assert "not-before-birth" in known.json()["unmet"]


async def test_what_was_asked_for_by_a_referral_ends_with_it(referral: ServiceUnderTest) -> None:
    """Declined, it shows nothing on the next referral either, which is open to any."""
    person, _ = await an_accepted(referral)
    asked = await a_request(referral, person, to_organisation_id=str(STRANGER), stage=3)
    await an_entry(referral, STRANGER, 3)
    request = await a_consent_request(referral, asked, coordinator(STRANGER))
    said = await referral.call("POST", f"/consent-requests/{request}/confirmation", coordinator(), json=SAID)
    assert said.status_code == 201
    assert (await referral.call("GET", f"/referrals/{asked}", coordinator(STRANGER))).json()["person"]["name"] == "0051-0123"
    assert await change(referral, asked, "rejected", coordinator(STRANGER), "no-capacity") == 200
    again = await a_request(referral, person, stage=3)
    assert (await referral.call("GET", f"/referrals/{again}", coordinator(STRANGER))).json()["person"] is None


async def test_the_person_gives_to_a_discloser_with_a_relation(referral: ServiceUnderTest) -> None:
    person, _ = await an_accepted(referral)
    refused = await a_given_consent(referral, person, the_person(person), discloser_organisation_id=str(STRANGER))
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["discloser-may-tell-it"])
    assert (await a_given_consent(referral, person, the_person(person))).status_code == 201
    assert await name_seen(referral, person) == "0051-0123"


@pytest.mark.parametrize("who", ["discloser", "person"])
async def test_a_consent_asked_for_is_one_once_it_is_confirmed(referral: ServiceUnderTest, who: str) -> None:
    person, asked = await an_accepted(referral)
    request = await a_consent_request(referral, asked)
    assert await a_consent_request(referral, asked) == request
    assert (await told(referral), await name_seen(referral, person)) == ([], None)
    for nobody in (coordinator(CENTRE), coordinator(STRANGER), the_person(uuid4())):
        assert (await answered(referral, request, nobody)).status_code == 404
        assert (await answered(referral, request, nobody, "refusal")).status_code == 404
    answer = await answered(referral, request, coordinator() if who == "discloser" else the_person(person), until="2026-06-01")
    assert answer.status_code == 201, answer.text
    (given,) = [event for event in await referral.appended() if isinstance(event, ConsentGiven)]
    assert (str(given.consent_id), given.to, str(given.until)) == (answer.json()["id"], CENTRE, "2026-06-01")
    assert (given.discloser_organisation_id, given.rests_on, given.referral_id) == (CLINIC, None, asked)
    assert await name_seen(referral, person) == "0051-0123"
    again = await answered(referral, request, coordinator())
    assert (again.status_code, again.json()["unmet"]) == (422, ["not-answered-before"])
    for caller in (coordinator(), coordinator(CENTRE), the_person(person)):
        (listed,) = (await referral.call("GET", "/consent-requests", caller)).json()["items"]
        assert (listed["status"], listed["consent_id"]) == ("given", answer.json()["id"])


async def test_a_refused_request_gives_nothing_and_may_be_asked_again(referral: ServiceUnderTest) -> None:
    person, asked = await an_accepted(referral)
    request = await a_consent_request(referral, asked)
    assert (await answered(referral, request, the_person(person), "refusal")).status_code == 200
    assert (await answered(referral, request, coordinator())).status_code == 422
    assert (await told(referral), await name_seen(referral, person)) == ([], None)
    assert await a_consent_request(referral, asked) != request


async def test_what_was_asked_ends_with_the_referral(referral: ServiceUnderTest) -> None:
    person, asked = await an_accepted(referral)
    request = await a_consent_request(referral, asked)
    assert await change(referral, asked, "cancelled", coordinator(), "other") == 200
    late = await answered(referral, request, coordinator())
    assert (late.status_code, late.json()["unmet"]) == (422, ["referral-stands"])
    body = {"scope": "referral", "purpose": "again"}
    assert (await referral.call("POST", f"/referrals/{asked}/consent-requests", coordinator(CENTRE), json=body)).status_code == 404
    assert await told(referral) == []
    assert person


async def test_the_sender_that_knows_no_name_is_not_asked_for_it(referral: ServiceUnderTest) -> None:
    """Whoever registered the person is, for the name and for a summary."""
    for organisation in (CENTRE, STRANGER):
        await an_entry(referral, organisation)
    person = await a_registered(referral)
    await referral.deliver(
        started(person, 1, CENTRE), completed(person, 1, to=STRANGER, organisation_id=CENTRE), started(person, 2, STRANGER)
    )
    (asked,) = (await referral.call("GET", "/referrals?direction=in", coordinator(STRANGER))).json()["items"]
    name = await a_consent_request(referral, UUID(asked["id"]), coordinator(STRANGER))
    summary = await a_consent_request(referral, UUID(asked["id"]), coordinator(STRANGER), "pathway-summary")
    for request, discloser, other in ((name, CLINIC, CENTRE), (summary, CLINIC, CENTRE)):
        assert (await answered(referral, request, coordinator(other))).status_code == 404
        assert (await answered(referral, request, coordinator(discloser))).status_code == 201
    assert await name_seen(referral, person, STRANGER) == "0051-0123"


@pytest.mark.parametrize(("caller", "status"), [(coordinator(CLINIC), 200), (coordinator(CENTRE), 200), (coordinator(STRANGER), 404)])
async def test_a_party_revokes(referral: ServiceUnderTest, caller: Caller, status: int) -> None:
    """STRANGER has accepted for another stage: a relation, and no party of this consent. Purposes are shown to parties only."""
    person, _ = await an_accepted(referral)
    other = await a_request(referral, person, stage=3, to_organisation_id=str(STRANGER))
    assert await change(referral, other, "accepted", coordinator(STRANGER)) == 200
    consent = (await a_given_consent(referral, person)).json()["id"]
    (listed,) = (await referral.call("GET", f"/persons/{person}/consents", caller)).json()["items"]
    assert listed["purpose"] == ("treatment" if status == 200 else None)
    answer = await referral.call("POST", f"/persons/{person}/consents/{consent}/revocation", caller, json={})
    assert answer.status_code == status
    assert (await told(referral)).count(ConsentRevoked) == (status == 200)


async def test_a_recipient_that_declined_revokes_what_was_given_to_it(referral: ServiceUnderTest) -> None:
    """And nothing that was given to another. Source: issue of rights, section 2."""
    for organisation in (CENTRE, STRANGER):
        await an_entry(referral, organisation)
    person = await a_registered(referral)
    asked = await a_request(referral, person, to_organisation_id=str(CENTRE))
    to_centre = (await a_given_consent(referral, person)).json()["id"]
    to_another = (await a_given_consent(referral, person, to_organisation_id=str(STRANGER))).json()["id"]
    assert await change(referral, asked, "rejected", coordinator(CENTRE), "no-capacity") == 200
    for consent, status in ((to_another, 404), (to_centre, 200), (to_centre, 200)):
        answer = await referral.call("POST", f"/persons/{person}/consents/{consent}/revocation", coordinator(CENTRE), json={})
        assert answer.status_code == status
    assert (await told(referral)).count(ConsentRevoked) == 1
    assert (await referral.call("GET", f"/persons/{person}/consents", coordinator(CENTRE))).status_code == 404


async def test_a_guardian_is_a_recorded_contact(referral: ServiceUnderTest) -> None:
    """Not heard of: 409, as it may be on its way. A contact of another person is nobody's guardian here."""
    person, _ = await an_accepted(referral, **MINOR)
    other = await a_registered(referral, **MINOR)
    alone = await a_given_consent(referral, person)
    unnamed = await a_given_consent(referral, person, given_by="guardian")
    refused = [(answer.status_code, answer.json()["unmet"]) for answer in (alone, unnamed)]
    assert refused == [(422, ["given-with-guardian"]), (422, ["guardian-recorded"])]
    await referral.deliver(named(other))
    assert (await a_given_consent(referral, person, **BY_GUARDIAN)).status_code == 409
    envelopes = await referral.deliver(named(person))
    await referral.deliver_again(*envelopes)
    assert (await a_given_consent(referral, person, **BY_GUARDIAN)).status_code == 201
    assert await name_seen(referral, person) == "0051-0123"


async def test_a_minors_own_token_never_says_given_by_guardian(referral: ServiceUnderTest) -> None:
    person, asked = await an_accepted(referral, **MINOR)
    await referral.deliver(named(person))
    request = await a_consent_request(referral, asked)
    for fields in ({}, BY_GUARDIAN, BY_GUARDIAN | {"given_by": "both"}):
        assert (await a_given_consent(referral, person, the_person(person), **fields)).status_code == 422
        assert (await answered(referral, request, the_person(person), **fields)).status_code == 422
    assert (await answered(referral, request, coordinator(), **BY_GUARDIAN)).status_code == 201


async def test_a_guardians_consent_ends_with_majority(referral: ServiceUnderTest) -> None:
    """By name and by event, also one from before guardians were recorded; what the person gave alone stays. Source: mission row 000-25."""
    person, _ = await an_accepted(referral, **MINOR)
    await referral.deliver(named(person))
    for given_by in ("guardian", "both"):
        assert (await a_given_consent(referral, person, **BY_GUARDIAN | {"given_by": given_by})).status_code == 201
    await referral.run_deadlines(datetime(2026, 3, 5, tzinfo=UTC))
    assert await told(referral) == [ConsentGiven] * 2 + [ConsentRevoked] * 2
    assert await name_seen(referral, person) is None
    assert (await a_given_consent(referral, person, **BY_GUARDIAN)).status_code == 422
    assert (await a_given_consent(referral, person)).status_code == 201
    assert await referral.run_deadlines(datetime(2026, 3, 6, tzinfo=UTC)) == 0
    assert await name_seen(referral, person) == "0051-0123"


async def test_a_guardians_consent_ends_with_the_guardianship(referral: ServiceUnderTest) -> None:
    """Once, twice; that of another guardian stays, and none is given for longer than the guardianship lasts."""
    person, _ = await an_accepted(referral, **MINOR)
    second = uuid4()
    await referral.deliver(named(person, date(2026, 3, 4)), named(person).model_copy(update={"contact_id": second}))
    for guardian in (str(GUARDIAN), str(second)):
        assert (await a_given_consent(referral, person, **BY_GUARDIAN | {"guardian_id": guardian})).status_code == 201
    given = [event for event in await referral.appended() if isinstance(event, ConsentGiven)]
    assert [event.until and str(event.until) for event in given] == ["2026-03-04", None]
    envelopes = await referral.deliver(GuardianEnded(person_id=person, contact_id=GUARDIAN))
    await referral.deliver_again(*envelopes)
    assert (await told(referral)).count(ConsentRevoked) == 1
    refused = await a_given_consent(referral, person, **BY_GUARDIAN)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["guardian-recorded"])
    await referral.deliver(GuardianEnded(person_id=person, contact_id=second))
    assert await name_seen(referral, person) is None


async def test_what_a_cancelled_acceptor_was_let_tell_is_shown_no_more(referral: ServiceUnderTest) -> None:
    """A discloser has a relation, or there is nothing to tell."""
    person, asked = await an_accepted(referral)
    assert (await a_given_consent(referral, person)).status_code == 201
    onward = await a_request(referral, person, stage=3, to_organisation_id=str(STRANGER))
    fields: dict[str, Any] = {"discloser_organisation_id": str(CENTRE), "to_organisation_id": str(STRANGER)}
    assert (await a_given_consent(referral, person, coordinator(CENTRE), **fields)).status_code == 201
    assert await change(referral, asked, "cancelled", coordinator(), "other") == 200
    assert (await referral.call("GET", f"/referrals/{onward}", coordinator(STRANGER))).json()["person"] is None
