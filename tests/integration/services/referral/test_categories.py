"""A category that was entered on the wrong person is taken back; its history stays. Source: issue of corrections, section 1."""

from typing import Any
from uuid import UUID

from shared.identity import Caller
from tests.builders_referral import CENTRE, CLINIC, STRANGER, a_given_consent, a_registered, an_entry, coordinator, handed_over, the_person
from tests.harness import ServiceUnderTest

STROKE = {"code": "stroke", "since": "2026-01-15"}


async def enter(service: ServiceUnderTest, person: UUID, caller: Caller, **fields: Any) -> int:
    return (await service.call("POST", f"/persons/{person}/categories", caller, json=STROKE | fields)).status_code


async def take_back(service: ServiceUnderTest, person: UUID, caller: Caller, **fields: Any) -> Any:
    body = STROKE | {"reason": "another person of the same name"} | fields
    return await service.call("POST", f"/persons/{person}/categories/entered-in-error", caller, json=body)


async def history(service: ServiceUnderTest, person: UUID, caller: Caller) -> list[tuple[str, str, str, str | None]]:
    items = (await service.call("GET", f"/persons/{person}/categories", caller)).json()["items"]
    return [(item["code"], item["change"], item["organisation_id"], item["reason"]) for item in items]


async def codes(service: ServiceUnderTest, person: UUID) -> list[str]:
    shown = (await service.call("GET", f"/persons/{person}", the_person(person))).json()
    return [category["code"] for category in shown["identity"]["categories"]]


async def test_what_was_entered_in_error_is_gone_and_its_history_is_shown(referral: ServiceUnderTest) -> None:
    """A second time answers the same; entered again it holds again."""
    person = await a_registered(referral, categories=[{"code": "addiction", "since": "2026-01-01"}])
    assert await enter(referral, person, coordinator(), until="2026-02-01") == 201
    for _ in range(2):
        answer = await take_back(referral, person, coordinator())
        assert (answer.status_code, answer.json()) == (200, {"id": str(person), "status": "entered-in-error"})
    assert await codes(referral, person) == ["addiction"]
    assert await history(referral, person, the_person(person)) == [
        ("addiction", "entered", str(CLINIC), None),
        ("stroke", "entered", str(CLINIC), None),
        ("stroke", "entered-in-error", str(CLINIC), "another person of the same name"),
    ]
    assert await enter(referral, person, coordinator()) == 201
    assert await codes(referral, person) == ["addiction", "stroke"]
    assert (await take_back(referral, person, coordinator())).status_code == 200
    assert await codes(referral, person) == ["addiction"]


async def test_who_entered_it_and_the_holder_take_it_back(referral: ServiceUnderTest) -> None:
    """Also who had the person when it entered it. Who registered the person and has it no more takes back its own."""
    person = await a_registered(referral)
    first, second = handed_over(person, STRANGER, CENTRE)[:2], handed_over(person, STRANGER, CENTRE)[2:]
    await referral.deliver(*first)
    assert await enter(referral, person, coordinator(STRANGER)) == 201
    assert await enter(referral, person, coordinator(STRANGER), since="2026-01-16") == 201
    assert await enter(referral, person, coordinator(CLINIC), since="2026-01-17") == 201
    await referral.deliver(*second)
    assert (await take_back(referral, person, coordinator(CLINIC))).status_code == 404
    assert (await take_back(referral, person, coordinator(STRANGER))).status_code == 200
    assert (await take_back(referral, person, coordinator(CENTRE), since="2026-01-16")).status_code == 200
    assert (await take_back(referral, person, coordinator(CLINIC), since="2026-01-17")).status_code == 200
    assert await codes(referral, person) == []


async def test_what_the_person_never_had_is_not_there(referral: ServiceUnderTest) -> None:
    person = await a_registered(referral)
    assert (await take_back(referral, person, coordinator())).status_code == 404
    assert (await take_back(referral, person, coordinator(STRANGER))).status_code == 404
    assert (await take_back(referral, person, coordinator(), reason="")).status_code == 422


async def test_one_from_before_is_taken_back_by_who_has_the_person(referral: ServiceUnderTest) -> None:
    """Who entered it is not known."""
    person = await a_registered(referral)
    async with referral.api.connection() as connection:
        await connection.execute("INSERT INTO person_category (person_id, code, since) VALUES ($1, 'stroke', '2026-01-15')", person)
    assert (await take_back(referral, person, coordinator())).status_code == 200
    assert await codes(referral, person) == []


async def test_who_may_not_know_the_person_sees_what_it_entered(referral: ServiceUnderTest) -> None:
    """Under a consent it sees all, as of the person itself."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral, categories=[{"code": "addiction", "since": "2026-01-01"}])
    await referral.deliver(*handed_over(person, STRANGER, CENTRE))
    assert await enter(referral, person, coordinator(CENTRE)) == 201
    assert await history(referral, person, coordinator(CENTRE)) == [("stroke", "entered", str(CENTRE), None)]
    assert (await a_given_consent(referral, person)).status_code == 201
    assert len(await history(referral, person, coordinator(CENTRE))) == 2
