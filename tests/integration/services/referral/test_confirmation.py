"""The registry confirms organisations: what one enters of itself makes it receive nothing; what was confirmed counts until withdrawn."""

from typing import Any
from uuid import UUID

import pytest

from shared.events.family import ConcernRaised
from shared.events.referral import OrganisationChanged, PlaceNotFound, ReferralOpened
from tests.builders_referral import (
    CENTRE,
    CLINIC,
    JOURNEY,
    PERSON,
    STRANGER,
    a_registered,
    a_request,
    an_entry,
    change,
    completed,
    confirm,
    coordinator,
    left,
    opened,
    registrar,
    statuses,
    the_person,
)
from tests.harness import ServiceUnderTest, a_caller

MINISTRY = a_caller("ministry")
SAMARQAND = a_caller("region", regions=("UZ-SA",))
TOSHKENT = a_caller("region", regions=("UZ-TK",))
OF_ANOTHER = {"pathway": "return-from-prison", "stage": 2}


async def shown(service: ServiceUnderTest, organisation_id: UUID = CENTRE) -> Any:
    return (await service.call("GET", f"/organisations/{organisation_id}", coordinator())).json()


async def received(service: ServiceUnderTest, organisation_id: UUID = CENTRE) -> list[str]:
    listed = (await service.call("GET", "/referrals?direction=in", coordinator(organisation_id))).json()["items"]
    return [item["id"] for item in listed]


async def refused(service: ServiceUnderTest, person: UUID, **asked: Any) -> list[str]:
    body = {"person_id": str(person), "stage": 2, "to_organisation_id": str(CENTRE)} | asked
    answer = await service.call("POST", "/referrals", coordinator(), json=body)
    assert answer.status_code == 422, answer.text
    unmet: list[str] = answer.json()["unmet"]
    return unmet


async def told(service: ServiceUnderTest) -> list[OrganisationChanged]:
    return [event for event in await service.appended() if isinstance(event, OrganisationChanged)]


async def enter(service: ServiceUnderTest, organisation_id: UUID, **fields: Any) -> None:
    """As a national medical organisation that offers all five stages, unless said otherwise."""
    services = [{"stage": stage, "programme": "all", "setting": "inpatient"} for stage in range(1, 6)]
    entry = {"name": "0051-site-99", "level": "macro", "kind": "medical-organisation", "region": "UZ", "services": services}
    answer = await service.call("PUT", f"/organisations/{organisation_id}", registrar(organisation_id), json=entry | fields)
    assert answer.status_code == 200, answer.text


async def withdraw(service: ServiceUnderTest, organisation_id: UUID = CENTRE, caller: Any = MINISTRY) -> int:
    path = f"/organisations/{organisation_id}/confirmation"
    return (await service.call("PUT", path, caller, json={"confirmed": False})).status_code


async def test_an_unconfirmed_organisation_is_not_referred_to_by_name(referral: ServiceUnderTest) -> None:
    """Source: mission rows 002-10, 002-11."""
    await an_entry(referral, CENTRE, confirmed=False)
    person = await a_registered(referral)
    assert await refused(referral, person) == ["organisation-confirmed"]
    body = {"stage": 2, "to_organisation_id": str(CENTRE)}
    itself = await referral.call("POST", "/self-referrals", the_person(person), json=body)
    assert (itself.status_code, itself.json()["unmet"]) == (422, ["organisation-confirmed"])
    first = await a_request(referral, person)
    assert await refused(referral, person) == ["organisation-confirmed"], "nor named on the one that is open"
    assert await statuses(referral, person) == [(2, "requested", None)]
    assert await confirm(referral, CENTRE, [2]) == 200
    assert await a_request(referral, person, to_organisation_id=str(CENTRE)) == first


async def test_an_unconfirmed_organisation_sees_nothing_that_is_open_to_any(referral: ServiceUnderTest) -> None:
    """Source: mission row 000-62."""
    await an_entry(referral, CENTRE, confirmed=False)
    person = await a_registered(referral)
    asked = await a_request(referral, person)
    assert PlaceNotFound in [type(event) for event in await referral.appended()]
    assert await received(referral) == []
    assert (await referral.call("GET", f"/referrals/{asked}", coordinator(CENTRE))).status_code == 404
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 404
    assert await confirm(referral, CENTRE, [2]) == 200
    assert await received(referral) == [str(asked)]
    assert await change(referral, asked, "accepted", coordinator(CENTRE)) == 200


async def test_who_enters_itself_as_national_receives_nothing(referral: ServiceUnderTest) -> None:
    """Before and after somebody confirmed what it is."""
    asked = [str(await a_request(referral, await a_registered(referral, region=region))) for region in ("UZ-TK", "UZ-SA", "UZ-FA")]
    await enter(referral, CENTRE)
    assert await received(referral) == []
    assert [await change(referral, UUID(one), "accepted", coordinator(CENTRE)) for one in asked] == [404] * 3
    await an_entry(referral, CENTRE, region="UZ-SA")
    await enter(referral, CENTRE)
    assert await received(referral) == [asked[1]], "of its confirmed region and stage alone"
    view = await shown(referral)
    assert (view["level"], view["region"], view["entered"]["level"], view["entered"]["region"]) == ("meso", "UZ-SA", "macro", "UZ")
    assert await confirm(referral, CENTRE, [2], level="macro", region="UZ") == 200
    assert sorted(await received(referral)) == sorted(asked)


async def test_the_confirmed_kind_counts_and_not_the_entered_one(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE, confirmed=False)
    assert [(e.kind, e.confirmed) for e in await told(referral)] == [("medical-organisation", False)]
    assert await confirm(referral, CENTRE, [2], kind="ngo") == 200
    await enter(referral, CENTRE)
    events = await told(referral)
    assert [(e.kind, e.level, e.region, e.confirmed) for e in events[1:]] == [("ngo", "meso", "UZ-TK", True)] * 2
    assert [s.stage for s in events[-1].services] == [2], "a service for a stage that was not confirmed does not count"
    view = await shown(referral)
    assert (view["kind"], view["entered"]["kind"], view["confirmed"]) == ("ngo", "medical-organisation", True)
    assert [(s["stage"], s["confirmed"]) for s in view["services"]] == [(stage, stage == 2) for stage in range(1, 6)]
    assert (await referral.call("GET", "/organisations?kind=medical-organisation", coordinator())).json()["items"] == []
    assert await withdraw(referral) == 200
    assert [(e.kind, e.confirmed) for e in (await told(referral))[-1:]] == [("ngo", False)], "nor again after a withdrawal"


async def test_only_confirmed_stages_are_served(referral: ServiceUnderTest) -> None:
    """Narrowing takes what was there, pending ones too; the sender keeps seeing them."""
    await an_entry(referral, CENTRE)
    person = await a_registered(referral)
    named = await a_request(referral, person, to_organisation_id=str(CENTRE))
    assert await refused(referral, person, stage=3) == ["organisation-confirmed-for-stage"]
    assert await refused(referral, person, pathway="return-from-prison") == ["organisation-confirmed-for-stage"]
    assert await confirm(referral, CENTRE, [3, OF_ANOTHER]) == 200
    assert await received(referral) == []
    assert await change(referral, named, "accepted", coordinator(CENTRE)) == 404
    assert (await referral.call("GET", f"/referrals/{named}", coordinator())).json()["to_organisation_id"] == str(CENTRE)
    await a_request(referral, person, stage=3, to_organisation_id=str(CENTRE))
    await a_request(referral, person, pathway="return-from-prison", to_organisation_id=str(CENTRE))
    open_to_any = await a_request(referral, await a_registered(referral))
    assert len(await received(referral)) == 2
    assert await change(referral, open_to_any, "accepted", coordinator(CENTRE)) == 404


async def test_a_withdrawal_hides_what_is_pending_and_stops_what_was_accepted(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE)
    pending, accepted, draft = [
        await a_request(referral, await a_registered(referral), to_organisation_id=str(CENTRE), draft=draft)
        for draft in (False, False, True)
    ]
    assert await change(referral, accepted, "accepted", coordinator(CENTRE)) == 200
    for _ in range(2):
        assert await withdraw(referral) == 200
    assert [e.confirmed for e in await told(referral)] == [False, True, False]
    assert await received(referral) == [str(accepted)]
    for to in ("in-progress", "on-hold", "cancelled"):
        assert await change(referral, accepted, to, coordinator(CENTRE), "other") == 404
    for method, path, body in (("PUT", "basis", {}), ("POST", "consent-requests", {"scope": "referral", "purpose": "allergies"})):
        answer = await referral.call(method, f"/referrals/{accepted}/{path}", coordinator(CENTRE), json=body)
        assert answer.status_code == 404
    assert (await referral.call("GET", f"/referrals/{pending}", coordinator(CENTRE))).status_code == 404
    for to in ("accepted", "rejected", "cancelled"):
        assert await change(referral, pending, to, coordinator(CENTRE), "other") == 404
    assert await change(referral, draft, "requested", coordinator()) == 422
    sent = (await referral.call("GET", "/referrals?direction=out&status=requested", coordinator())).json()["items"]
    assert [item["id"] for item in sent] == [str(pending)]
    assert await change(referral, pending, "cancelled", coordinator(), "no-capacity") == 200


async def test_the_next_organisation_is_asked_only_while_it_is_confirmed(referral: ServiceUnderTest) -> None:
    """Whoever tells of the end of the stage may not have heard of the withdrawal; others of the region are asked then."""
    for organisation, confirmed in ((CENTRE, False), (STRANGER, True)):
        await an_entry(referral, organisation, confirmed=confirmed)
    one, other = await a_registered(referral), await a_registered(referral)
    envelopes = await referral.deliver(completed(one, 1, to=CENTRE), left(other, 2, "transferred", to=CENTRE, organisation_id=CLINIC))
    await referral.deliver_again(*envelopes)
    assert await statuses(referral, one) == await statuses(referral, other) == [(2, "requested", None)]
    assert [e.to_organisation_id for e in await referral.appended() if isinstance(e, ReferralOpened)] == [None] * 2
    assert (len(await received(referral)), len(await received(referral, STRANGER))) == (0, 2)


async def test_an_unconfirmed_organisation_works_with_its_own_persons(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE, stage=1, confirmed=False)
    await an_entry(referral, STRANGER)
    person = await a_registered(referral, CENTRE)
    assert (await referral.call("GET", f"/persons/{person}", coordinator(CENTRE))).json()["identity"]["name"] == "0051-0123"
    await referral.deliver(opened(person, JOURNEY, CENTRE), completed(person, 1, organisation_id=CENTRE))
    (sent,) = (await referral.call("GET", "/referrals?direction=out", coordinator(CENTRE))).json()["items"]
    assert await change(referral, UUID(sent["id"]), "accepted", coordinator(STRANGER)) == 200
    await a_request(referral, person, coordinator(CENTRE), stage=3)


async def test_an_unconfirmed_organisation_receives_no_concern(referral: ServiceUnderTest) -> None:
    """Source: mission row 000-08."""
    await an_entry(referral, CENTRE, confirmed=False)
    await referral.deliver(opened(PERSON, JOURNEY, CENTRE), ConcernRaised(person_id=PERSON, concern_id=UUID(int=31), severity="severe"))
    listed = [(await referral.call("GET", "/concerns", coordinator(CENTRE))).json()["items"]]
    assert await confirm(referral, CENTRE, []) == 200
    listed += [(await referral.call("GET", "/concerns", coordinator(CENTRE))).json()["items"]]
    assert [len(items) for items in listed] == [0, 1]


async def test_a_region_confirms_its_own_organisations_alone(referral: ServiceUnderTest) -> None:
    """Others do not exist for it, absent or foreign."""
    await referral.call("PUT", "/regions/UZ-SA/districts", MINISTRY, json={"districts": [{"code": "UZ-SA-URG", "name": "Urgut"}]})
    for organisation, region in ((CENTRE, "UZ-TK"), (STRANGER, "UZ-SA-URG")):
        await an_entry(referral, organisation, region=region, confirmed=False)
    await enter(referral, CLINIC)
    nobody = a_caller("region")
    for caller, organisation in (
        (SAMARQAND, CENTRE),
        (SAMARQAND, CLINIC),
        (SAMARQAND, UUID(int=1)),
        (nobody, CENTRE),
        (TOSHKENT, STRANGER),
    ):
        assert await confirm(referral, organisation, [2], caller) == 404
    assert await confirm(referral, STRANGER, [2], SAMARQAND, region="UZ-TK") == 422
    assert await confirm(referral, STRANGER, [2], SAMARQAND, region="UZ") == 422
    assert await confirm(referral, STRANGER, [2], SAMARQAND) == 200
    assert await withdraw(referral, STRANGER, TOSHKENT) == 404
    await enter(referral, STRANGER, region="UZ-TK")
    assert await withdraw(referral, STRANGER, SAMARQAND) == 200, "it is still confirmed there"
    assert await confirm(referral, STRANGER, [2], SAMARQAND) == 404, "but has left"
    for role in ("registrar", "coordinator", "system", "analyst", "safeguarding", "operator"):
        assert await confirm(referral, CENTRE, [2], a_caller(role, CENTRE, regions=("UZ-TK",))) == 403
    assert {(e.organisation_id, e.confirmed) for e in await told(referral)} == {(o, False) for o in (CENTRE, CLINIC, STRANGER)} | {
        (STRANGER, True)
    }


async def test_who_waits_is_listed_for_who_confirms(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE, confirmed=False)
    await an_entry(referral, STRANGER, region="UZ-SA")
    await an_entry(referral, CLINIC)

    async def waiting(caller: Any) -> set[str]:
        return {item["id"] for item in (await referral.call("GET", "/organisations/waiting", caller)).json()["items"]}

    assert await waiting(MINISTRY) == await waiting(TOSHKENT) == {str(CENTRE)}
    assert await waiting(SAMARQAND) == await waiting(a_caller("region")) == set()
    await an_entry(referral, STRANGER, stage=3, region="UZ-SA", confirmed=False)
    assert await waiting(SAMARQAND) == {str(STRANGER)}, "it offers a stage it is not confirmed for"
    await enter(referral, CLINIC, services=[])
    assert await waiting(MINISTRY) == {str(o) for o in (CENTRE, STRANGER, CLINIC)}, "it says it is national"
    assert (await referral.call("GET", "/organisations/waiting", registrar(CENTRE))).status_code == 403
    for said, organisations in ((True, {STRANGER, CLINIC}), (False, {CENTRE})):
        listed = (await referral.call("GET", f"/organisations?confirmed={said}", coordinator())).json()["items"]
        assert {item["id"] for item in listed} == {str(one) for one in organisations}


async def test_the_same_confirmation_is_told_once_and_audited_each_time(referral: ServiceUnderTest) -> None:
    await an_entry(referral, CENTRE, confirmed=False)
    for stages in ([2, 3, OF_ANOTHER], [OF_ANOTHER, 3, 2, 2]):
        assert await confirm(referral, CENTRE, stages, TOSHKENT) == 200
    assert [e.confirmed for e in await told(referral)] == [False, True]
    rows = await referral.fetch("SELECT principal, organisation_id, action, subject_id FROM audit WHERE action LIKE '%confirm%'")
    assert [tuple(row) for row in rows] == [(TOSHKENT.sub, None, "confirm-organisation", CENTRE)] * 2
    stages = [(s["pathway"], s["stage"]) for s in (await shown(referral))["stages"]]
    assert stages == [("addiction-rehabilitation", 2), ("addiction-rehabilitation", 3), ("return-from-prison", 2)]


@pytest.mark.parametrize(
    ("said", "unmet"),
    [
        ({"kind": None}, ["kind-named"]),
        ({"level": None}, ["level-named"]),
        ({"stages": None}, ["stages-named"]),
        ({"region": "UZ-ZZ"}, ["region-known"]),
        ({"stages": [6]}, ["stage-of-the-pathway"]),
        ({"kind": None, "level": None, "stages": None}, ["level-named", "kind-named", "stages-named"]),
    ],
)
async def test_a_confirmation_says_all_that_counts(referral: ServiceUnderTest, said: dict[str, Any], unmet: list[str]) -> None:
    await an_entry(referral, CENTRE, confirmed=False)
    body = {"kind": "ngo", "level": "meso", "stages": [2]} | said
    answer = await referral.call("PUT", f"/organisations/{CENTRE}/confirmation", MINISTRY, json=body)
    assert (answer.status_code, answer.json()["unmet"]) == (422, unmet)
    assert not (await shown(referral))["confirmed"]
