"""A motivating act that was entered in error counts nowhere; its line is kept. Source: issue of corrections, section 1."""

from typing import Any
from uuid import UUID, uuid4

from tests.builders_correction import three_organisations
from tests.builders_referral import CENTRE, CLINIC, STRANGER, a_registered, a_request, change, coordinator, opened, started
from tests.harness import ServiceUnderTest

ACT = {"kind": "call", "by": "peer", "on": "2026-03-01"}
WHY = {"reason": "other-person"}


async def an_act(service: ServiceUnderTest, by: UUID = CLINIC) -> tuple[UUID, str]:
    """Of an accepted referral: the person and the path of the act."""
    await three_organisations(service)
    person = await a_registered(service)
    asked = await a_request(service, person, to_organisation_id=str(CENTRE))
    assert await change(service, asked, "accepted", coordinator(CENTRE)) == 200
    act = await service.call("POST", f"/referrals/{asked}/motivations", coordinator(by), json=ACT)
    assert act.status_code == 201, act.text
    return person, f"/referrals/{asked}/motivations/{act.json()['id']}"


async def wrong(service: ServiceUnderTest, path: str, by: UUID) -> tuple[int, Any]:
    answer = await service.call("POST", f"{path}/entered-in-error", coordinator(by), json=WHY)
    return answer.status_code, answer.json().get("unmet")


async def listed(service: ServiceUnderTest, path: str, query: str = "") -> list[dict[str, Any]]:
    answer = await service.call("GET", f"{path.rsplit('/', 1)[0]}{query}", coordinator())
    return list(answer.json()["items"])


async def test_it_counts_nowhere_and_is_shown_with_the_mistakes_alone(referral: ServiceUnderTest) -> None:
    _, path = await an_act(referral)
    for _ in range(2):
        assert await wrong(referral, path, CLINIC) == (200, None)
        assert await listed(referral, path) == []
        (line,) = await listed(referral, path, "?entered_in_error=true")
        assert (line["kind"], line["error_reason"], line["error_by_organisation_id"]) == ("call", "other-person", str(CLINIC))
    figures = (await referral.call("GET", "/motivations/acceptance", coordinator())).json()["items"]
    (call,) = [item for item in figures if item["kind"] == "call"]
    assert (call["answered_with"], call["answered_without"]) == (0, 1)
    assert (await referral.call("POST", path.rsplit("/", 1)[0], coordinator(), json=ACT)).status_code == 201
    assert len(await listed(referral, path)) == 1


async def test_by_who_entered_it_or_has_the_person(referral: ServiceUnderTest) -> None:
    person, path = await an_act(referral)
    assert await wrong(referral, path, CENTRE) == (422, ["right-party"])
    assert await wrong(referral, path, STRANGER) == (404, None)
    assert await wrong(referral, f"{path.rsplit('/', 1)[0]}/{uuid4()}", CLINIC) == (404, None)
    assert await wrong(referral, f"/referrals/{uuid4()}/motivations/{path.rsplit('/', 1)[1]}", CLINIC) == (404, None)
    for event in (opened(person), started(person, 1, CLINIC)):
        await referral.deliver(event)
    _, other = await an_act(referral, CENTRE)
    assert await wrong(referral, other, CLINIC) == (422, ["right-party"]), "its sender alone has no say of the other's act"
    asked = (await referral.call("POST", path.rsplit("/", 1)[0], coordinator(CENTRE), json=ACT)).json()["id"]
    assert await wrong(referral, f"{path.rsplit('/', 1)[0]}/{asked}", CLINIC) == (200, None), "the holder"
