"""What is asked of the whole network is answered by the region's duty organisation or its safeguarding, and by nobody else."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.identity import Caller
from tests.builders_referral import CENTRE, CLINIC, STRANGER, a_registered, an_entry, confirm, coordinator, registrar, the_person
from tests.harness import ServiceUnderTest, a_caller

MINISTRY = a_caller("ministry")
SUGGESTION = {"kind": "suggestion", "text": "Open in the evening."}


async def ask(service: ServiceUnderTest, caller: Caller, **fields: Any) -> UUID:
    answer = await service.call("POST", "/enquiries", caller, json=SUGGESTION | fields)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def seen(service: ServiceUnderTest, caller: Caller) -> list[tuple[str, str]]:
    return [(item["enquiry_id"], item["region"]) for item in (await service.call("GET", "/enquiries", caller)).json()["items"]]


async def answer(service: ServiceUnderTest, enquiry: UUID, caller: Caller) -> int:
    return (await service.call("POST", f"/enquiries/{enquiry}/answer", caller, json={"text": "Yes."})).status_code


async def put_on_duty(service: ServiceUnderTest, organisation_id: UUID | None, region: str = "UZ-TK", caller: Caller = MINISTRY) -> Any:
    body = {"organisation_id": str(organisation_id) if organisation_id else None}
    return await service.call("PUT", f"/regions/{region}/duty-organisation", caller, json=body)


def safeguarding(*regions: str) -> Caller:
    return a_caller("safeguarding", regions=regions)


async def test_nobody_else_reads_or_answers_what_is_asked_of_the_network(referral: ServiceUnderTest) -> None:
    """Source: mission row 001-11; a token with a random organisation once read and answered all of it."""
    await an_entry(referral, CENTRE)
    asker = a_caller("contact", sub="a-contact")
    asked = await ask(referral, asker, region="UZ-TK")
    others = (coordinator(uuid4()), registrar(uuid4()), coordinator(CENTRE), registrar(CENTRE), safeguarding(), safeguarding("UZ-SA"))
    for caller in (*others, a_caller("safeguarding", CENTRE)):
        assert (await seen(referral, caller), await answer(referral, asked, caller)) == ([], 404), caller
    for role in ("region", "ministry", "analyst", "liaison", "registrar", "clinician"):
        assert await seen(referral, a_caller(role, uuid4(), regions=("UZ", "UZ-TK"))) == [], role
    assert await seen(referral, asker) == [(str(asked), "UZ-TK")]
    assert await seen(referral, safeguarding("UZ-TK")) == [(str(asked), "UZ-TK")]
    assert await answer(referral, asked, safeguarding("UZ-TK")) == 200
    (mine,) = (await referral.call("GET", "/enquiries", asker)).json()["items"]
    assert mine["answer"] == "Yes."


async def test_the_duty_organisation_answers_for_its_region(referral: ServiceUnderTest) -> None:
    """Source: mission row 001-11."""
    await an_entry(referral, CENTRE)
    asked, elsewhere = [await ask(referral, a_caller("contact", sub="a-contact"), region=region) for region in ("UZ-TK", "UZ-SA")]
    assert (await put_on_duty(referral, CENTRE)).status_code == 200
    for caller in (coordinator(CENTRE), registrar(CENTRE)):
        assert await seen(referral, caller) == [(str(asked), "UZ-TK")]
    for role in ("clinician", "system", "trainer"):
        assert await seen(referral, a_caller(role, CENTRE)) == []
    assert await answer(referral, elsewhere, coordinator(CENTRE)) == 404
    assert await answer(referral, asked, coordinator(CENTRE)) == 200
    (state,) = (await referral.call("GET", "/regions", coordinator())).json()["roots"]
    named = {region["code"]: region["duty_organisation_id"] for region in state["below"]}
    assert (named["UZ-TK"], named["UZ-SA"]) == (str(CENTRE), None)
    assert (await put_on_duty(referral, None)).status_code == 200
    assert await seen(referral, coordinator(CENTRE)) == []


async def test_who_is_no_longer_confirmed_is_no_longer_on_duty(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    network = await ask(referral, a_caller("contact", sub="x"), region="UZ-TK")
    named = await ask(referral, a_caller("contact", sub="x"), to_organisation_id=str(CENTRE))
    await put_on_duty(referral, CENTRE)
    assert {one for one, _ in await seen(referral, registrar(CENTRE))} == {str(network), str(named)}
    await referral.call("PUT", f"/organisations/{CENTRE}/confirmation", MINISTRY, json={"confirmed": False})
    assert await seen(referral, registrar(CENTRE)) == []
    assert [await answer(referral, one, registrar(CENTRE)) for one in (network, named)] == [404, 404]
    assert await seen(referral, safeguarding("UZ")) == [(str(network), "UZ-TK")], "what was put to one organisation stays its own"


async def test_an_organisation_is_asked_only_if_it_is_confirmed(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE, confirmed=False)
    body = SUGGESTION | {"to_organisation_id": str(CENTRE)}
    refused = await referral.call("POST", "/enquiries", coordinator(), json=body)
    assert (refused.status_code, refused.json()["unmet"]) == (422, ["organisation-confirmed"])
    unknown = await referral.call("POST", "/enquiries", coordinator(), json=body | {"to_organisation_id": str(STRANGER)})
    assert unknown.status_code == 404
    assert await confirm(referral, CENTRE, []) == 200
    asked = await ask(referral, coordinator(), to_organisation_id=str(CENTRE))
    for caller in (coordinator(STRANGER), safeguarding("UZ-TK")):
        assert (await seen(referral, caller), await answer(referral, asked, caller)) == ([], 404)
    assert await answer(referral, asked, coordinator(CENTRE)) == 200


async def test_it_goes_to_the_region_of_who_asks(referral: ServiceUnderTest) -> None:
    await referral.call("PUT", "/regions/UZ-SA/districts", MINISTRY, json={"districts": [{"code": "UZ-SA-URG", "name": "Urgut"}]})
    await an_entry(referral, CLINIC, region="UZ-SA-URG")
    person = await a_registered(referral, region="UZ-FA")
    asked = {
        str(await ask(referral, coordinator(CLINIC))): "UZ-SA",
        str(await ask(referral, the_person(person))): "UZ-FA",
        str(await ask(referral, a_caller("contact", sub="a-contact"))): "UZ",
        str(await ask(referral, coordinator(CLINIC), region="UZ-TK")): "UZ-TK",
    }
    assert dict(await seen(referral, safeguarding("UZ"))) == asked
    assert [region for _, region in await seen(referral, safeguarding("UZ-SA", "UZ-FA"))] == ["UZ-SA", "UZ-FA"]
    refused = await referral.call("POST", "/enquiries", coordinator(), json=SUGGESTION | {"region": "UZ-ZZ"})
    assert refused.json()["unmet"] == ["region-known"]


@pytest.mark.parametrize(
    ("confirmed", "region", "unmet"), [(False, "UZ-TK", "organisation-confirmed"), (True, "UZ-SA", "organisation-of-the-region")]
)
async def test_only_a_confirmed_organisation_of_the_region_is_put_on_duty(
    referral: ServiceUnderTest, confirmed: bool, region: str, unmet: str
) -> None:
    await an_entry(referral, CENTRE, confirmed=confirmed)
    refused = await put_on_duty(referral, CENTRE, region)
    assert (refused.status_code, refused.json()["unmet"]) == (422, [unmet])
    assert (await put_on_duty(referral, STRANGER)).json()["unmet"] == ["organisation-known"]


async def test_a_region_names_its_own_duty_organisation_alone(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    for region, caller in (("UZ-TK", a_caller("region", regions=("UZ-SA",))), ("UZ-TK", a_caller("region")), ("UZ-ZZ", MINISTRY)):
        assert (await put_on_duty(referral, CENTRE, region, caller)).status_code == 404
    assert (await put_on_duty(referral, CENTRE, caller=registrar(CENTRE))).status_code == 403
    assert (await put_on_duty(referral, CENTRE, caller=a_caller("region", regions=("UZ-TK",)))).status_code == 200
