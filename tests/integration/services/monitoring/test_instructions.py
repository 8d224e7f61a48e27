"""An instruction from issue to closure, per region. Source: mission row 002-13."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.monitoring.figures import FIGURES
from services.monitoring.instruction import service as instructions
from services.monitoring.release import service as releases
from shared.events.monitoring import InstructionClosed, InstructionIssued
from tests.harness import ServiceUnderTest, a_caller

MINISTRY = a_caller("ministry")
TASHKENT, SURXONDARYO = a_caller("region", regions=("UZ-TK",)), a_caller("region", regions=("UZ-SU",))
ORDER = {"title": "Open a stage 4 programme", "regions": ["UZ-TK", "UZ-SU"], "measure": "stage-4-places", "due_on": "2026-05-29"}


async def issued(service: ServiceUnderTest) -> str:
    answer = await service.call("POST", "/instructions", MINISTRY, ORDER)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "issued"
    return str(answer.json()["id"])


async def seen(service: ServiceUnderTest, caller: Any = MINISTRY) -> dict[str, Any]:
    """The parts of the newest instruction by region."""
    items = (await service.call("GET", "/instructions", caller)).json()["items"]
    return {part["region"]: part for part in items[0]["regions"]} if items else {}


async def test_a_region_acknowledges_and_implements_its_own_part(monitoring: ServiceUnderTest) -> None:
    path = f"/instructions/{await issued(monitoring)}/regions/UZ-TK"
    early = await monitoring.call("PUT", f"{path}/implementation", TASHKENT, {"evidence": "order-17"})
    assert (early.status_code, early.json()["unmet"]) == (422, ["acknowledged"])
    assert (await monitoring.call("PUT", f"{path}/acknowledgement", TASHKENT, {})).json()["status"] == "acknowledged"
    assert (await monitoring.call("PUT", f"{path}/implementation", TASHKENT, {"evidence": "order-17"})).json()["status"] == "implemented"
    parts = await seen(monitoring)
    assert (parts["UZ-TK"]["evidence"], parts["UZ-SU"]["acknowledged_at"]) == ("order-17", None)


async def test_another_region_finds_nothing(monitoring: ServiceUnderTest) -> None:
    instruction_id = await issued(monitoring)
    foreign = await monitoring.call("PUT", f"/instructions/{instruction_id}/regions/UZ-TK/acknowledgement", SURXONDARYO, {})
    absent = await monitoring.call("PUT", f"/instructions/{uuid4()}/regions/UZ-SU/acknowledgement", SURXONDARYO, {})
    assert (foreign.status_code, foreign.json()) == (404, absent.json())
    assert set(await seen(monitoring, SURXONDARYO)) == {"UZ-SU"}
    assert await seen(monitoring, a_caller("region", regions=("UZ-BU",))) == {}
    assert (await monitoring.call("POST", "/instructions", TASHKENT, ORDER)).status_code == 403


async def test_what_is_not_done_in_time_is_overdue_and_what_is_done_never(monitoring: ServiceUnderTest) -> None:
    """Ten working days from Monday 2 March 2026 in Uzbekistan, without 8 March's day off; the end of 29 May."""
    instruction_id = await issued(monitoring)
    await monitoring.call("PUT", f"/instructions/{instruction_id}/regions/UZ-TK/acknowledgement", TASHKENT, {})
    due = datetime.fromisoformat((await seen(monitoring))["UZ-SU"]["acknowledgement_due_at"])
    assert datetime(2026, 3, 16, tzinfo=UTC) < due <= datetime(2026, 3, 20, tzinfo=UTC)
    await monitoring.run_deadlines(due - timedelta(seconds=1))
    assert (await seen(monitoring))["UZ-SU"]["overdue"] == []
    await monitoring.run_deadlines(due)
    assert {region: part["overdue"] for region, part in (await seen(monitoring)).items()} == {"UZ-SU": ["acknowledgement"], "UZ-TK": []}
    await monitoring.run_deadlines(datetime(2026, 5, 30, tzinfo=UTC))
    assert (await seen(monitoring))["UZ-TK"]["overdue"] == ["implementation"]


async def test_a_closed_instruction_is_no_longer_asked_for(monitoring: ServiceUnderTest) -> None:
    instruction_id = await issued(monitoring)
    assert (await monitoring.call("POST", f"/instructions/{instruction_id}/closure", MINISTRY)).json()["status"] == "closed"
    again = await monitoring.call("POST", f"/instructions/{instruction_id}/closure", MINISTRY)
    assert again.json()["type"] == "urn:throughcare:problem:instruction-closed"
    late = await monitoring.call("PUT", f"/instructions/{instruction_id}/regions/UZ-TK/acknowledgement", TASHKENT, {})
    assert (late.status_code, late.json()["unmet"]) == (422, ["instruction-open"])
    await monitoring.run_deadlines(datetime(2026, 12, 1, tzinfo=UTC))
    assert all(part["overdue"] == [] for part in (await seen(monitoring)).values())
    assert [type(event) for event in await monitoring.appended()] == [InstructionIssued, InstructionClosed]


async def test_regions_are_counted_as_answering_the_ministry(monitoring: ServiceUnderTest) -> None:
    """Source: mission row 002-22."""
    regions = [f"UZ-{first}{second}" for first in "ABCD" for second in "ABCDEFGHIJ"]
    order = {**ORDER, "regions": regions}
    path = f"/instructions/{(await monitoring.call('POST', '/instructions', MINISTRY, order)).json()['id']}/regions"
    monitoring.now += timedelta(hours=5)
    for region in regions[:25]:
        await monitoring.call("PUT", f"{path}/{region}/acknowledgement", a_caller("region", regions=(region,)), {})
    await monitoring.run_deadlines(datetime(2026, 4, 2, tzinfo=UTC))
    async with monitoring.worker.transaction() as tx:
        await releases.make_release(tx, FIGURES, tx.now)
    row = (await monitoring.call("GET", "/interaction", MINISTRY)).json()["items"][0]
    assert (row["from_level"], row["to_level"], row["kind"]) == ("macro", "meso", "instruction")
    assert (row["sent"], row["answered_in_time"], row["unanswered"], row["median_hours"]) == (40, 25, 15, 5.0)


WHY = {"reason": "meant for another region"}


async def test_an_instruction_issued_by_mistake_counts_nowhere(monitoring: ServiceUnderTest) -> None:
    """It is listed with the mistakes alone; nobody answers it and nothing of it is overdue. Source: issue of corrections, section 1."""
    path = f"/instructions/{await issued(monitoring)}"
    assert (await monitoring.call("POST", f"{path}/entered-in-error", TASHKENT, WHY)).status_code == 403
    for _ in range(2):
        assert (await monitoring.call("POST", f"{path}/entered-in-error", MINISTRY, WHY)).json()["status"] == "entered-in-error"
    assert await seen(monitoring) == {} and await seen(monitoring, TASHKENT) == {}
    (shown,) = (await monitoring.call("GET", "/instructions?entered_in_error=true", MINISTRY)).json()["items"]
    assert shown["error_reason"] == WHY["reason"]
    late = await monitoring.call("PUT", f"{path}/regions/UZ-TK/acknowledgement", TASHKENT, {})
    assert (late.status_code, late.json()["unmet"]) == (422, ["instruction-open"])
    assert (await monitoring.call("POST", f"{path}/closure", MINISTRY)).status_code == 422
    await monitoring.run_deadlines(datetime(2026, 12, 1, tzinfo=UTC))
    (shown,) = (await monitoring.call("GET", "/instructions?entered_in_error=true", MINISTRY)).json()["items"]
    assert [part["overdue"] for part in shown["regions"]] == [[], []]
    async with monitoring.worker.connection() as connection:
        assert await instructions.acknowledgements(connection, datetime(2027, 1, 1, tzinfo=UTC).date()) == []
    told = await monitoring.appended()
    assert [type(event) for event in told] == [InstructionIssued, InstructionClosed]
    assert isinstance(told[-1], InstructionClosed) and told[-1].in_error


async def test_a_region_takes_back_what_it_said_by_mistake(monitoring: ServiceUnderTest) -> None:
    """The implementation first. What was due is due again, with the deadlines that ran; what was said is kept."""
    path = f"/instructions/{await issued(monitoring)}/regions/UZ-TK"
    untouched = (await seen(monitoring))["UZ-TK"]
    await monitoring.call("PUT", f"{path}/acknowledgement", TASHKENT, {})
    await monitoring.call("PUT", f"{path}/implementation", TASHKENT, {"evidence": "order-17"})
    early = await monitoring.call("POST", f"{path}/acknowledgement/entered-in-error", TASHKENT, WHY)
    assert (early.status_code, early.json()["unmet"]) == (422, ["implementation-corrected"])
    foreign = await monitoring.call("POST", f"{path}/implementation/entered-in-error", SURXONDARYO, WHY)
    assert foreign.status_code == 404
    for what in ("implementation", "acknowledgement", "acknowledgement"):
        answer = await monitoring.call("POST", f"{path}/{what}/entered-in-error", TASHKENT, WHY)
        assert answer.json()["status"] == "entered-in-error"
    part = (await seen(monitoring))["UZ-TK"]
    assert part | {"corrections": []} == untouched
    assert [(one["what"], one["evidence"]) for one in part["corrections"]] == [("implementation", "order-17"), ("acknowledgement", None)]
    await monitoring.run_deadlines(datetime(2026, 5, 30, tzinfo=UTC))
    assert (await seen(monitoring))["UZ-TK"]["overdue"] == ["acknowledgement", "implementation"]
