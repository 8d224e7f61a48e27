"""Who lost a person corrects its own stays: nobody is asked because of it, and it has the person no more than before.

Source: issue of rights, section 1; issue of corrections, section 1.
"""

from typing import Any
from uuid import UUID

import httpx2
import pytest

from shared.events.event import Event
from tests.builders_programme import Clinic, a_clinic, an_answer
from tests.harness import ServiceUnderTest

MISTYPED = {"correction_reason": "mistyped"}


async def correct(clinic: Clinic, journey_id: UUID, what: str, action: str = "entered-in-error", **said: Any) -> httpx2.Response:
    return await clinic.send("POST", f"/journeys/{journey_id}/{what}/{action}".replace("//", "/"), {**MISTYPED, **said})


async def last_told(programme: ServiceUnderTest) -> Event:
    return (await programme.appended())[-1]


async def in_two(programme: ServiceUnderTest) -> tuple[Clinic, Clinic, UUID]:
    """A clinic that left stage 1, and the centre that has the person in stage 2 of the same journey."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await centre.accept(journey_id, 2)
    await clinic.complete(journey_id, 1, "2025-06-20")
    assert (await centre.start(journey_id, 2, "2025-06-25")).status_code == 200
    return clinic, centre, journey_id


async def went_on(programme: ServiceUnderTest) -> tuple[Clinic, Clinic, UUID]:
    """A clinic that left stage 1 of its journey, and the centre that has the person by a journey of its own."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.accept(journey_id, 1)
    await clinic.start(journey_id, 1, "2025-06-03")
    assert (await clinic.leave(journey_id, 1, "2025-06-20")).status_code == 200
    (row,) = await programme.fetch("SELECT person_id FROM journey WHERE journey_id = $1", journey_id)
    await programme.deliver(an_answer(row["person_id"], centre.organisation_id, 1))
    other = (await centre.try_to_open(row["person_id"])).json()["id"]
    assert (await centre.start(other, 1, "2025-06-25")).status_code == 200
    return clinic, centre, journey_id


async def test_the_correction_of_a_former_holder_asks_nobody_that_of_the_holder_does(programme: ServiceUnderTest) -> None:
    clinic, centre, journey_id = await in_two(programme)
    amended = {"ended_on": "2025-06-21", "next_organisation_id": str((await a_clinic(programme)).organisation_id)}
    for one, asks_nobody in ((clinic, True), (centre, False)):
        answer = await correct(one, journey_id, "stages/1/end", "amendment", spell=1, how="completed", **amended)
        assert answer.status_code == 200, answer.text
        assert (await last_told(programme)).model_dump()["asks_nobody"] is asks_nobody
        amended["ended_on"] = "2025-06-22"


async def test_who_accepted_and_had_no_part_yet_takes_its_own_skip_back_like_a_holder(programme: ServiceUnderTest) -> None:
    """It does not have the person yet; who has had it and lost it asks nobody."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await centre.accept(journey_id, 3)
    skip = {"how": "not-needed", "reason": "not-eligible"}
    assert (await centre.send("PUT", f"/journeys/{journey_id}/stages/2/skip", skip)).status_code == 200
    assert (await correct(centre, journey_id, "stages/2/skip")).status_code == 200
    assert (await last_told(programme)).model_dump()["asks_nobody"] is False


async def test_an_end_of_a_stay_that_overlapped_asks_nobody_once_another_has_the_person(programme: ServiceUnderTest) -> None:
    clinic, centre = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await centre.accept(journey_id, 2)
    assert (await centre.start(journey_id, 2, "2025-06-10")).status_code == 200
    third = {"how": "transferred", "next_organisation_id": str((await a_clinic(programme)).organisation_id)}
    answer = await clinic.leave(journey_id, 1, "2025-06-20", **third)
    assert answer.status_code == 200, answer.text
    assert (await last_told(programme)).model_dump()["asks_nobody"] is True
    assert (await centre.leave(journey_id, 2, "2025-06-20", **third)).status_code == 200
    assert (await last_told(programme)).model_dump()["asks_nobody"] is False


@pytest.mark.parametrize(("role", "asks_nobody"), [("system", False), ("clinician", True)])
async def test_an_end_that_a_system_brings_from_outside_tells_the_past_as_it_was(
    programme: ServiceUnderTest, role: str, asks_nobody: bool
) -> None:
    system, centre = await a_clinic(programme, "system"), await a_clinic(programme)
    journey_id = await system.open(imported=True)
    await system.start(journey_id, 1, "2025-06-03")
    await centre.accept(journey_id, 2)
    assert (await centre.start(journey_id, 2, "2025-06-10")).status_code == 200
    ends = Clinic(programme, system.organisation_id, role)
    assert (await ends.complete(journey_id, 1, "2025-06-20")).status_code == 200
    assert (await last_told(programme)).model_dump()["asks_nobody"] is asks_nobody


async def test_a_start_taken_back_frees_no_acceptance_once_the_person_went_on(programme: ServiceUnderTest) -> None:
    """Alone it would have had the person again: by its own withdrawal and a new start."""
    clinic, _, journey_id = await went_on(programme)
    answer = await correct(clinic, journey_id, "stages/1/start", spell=1)
    assert answer.status_code == 200, answer.text
    assert (await last_told(programme)).model_dump()["asks_nobody"] is True
    assert (await clinic.start(journey_id, 1, "2025-06-28")).status_code == 422
    rights = "SELECT referral_id FROM party WHERE organisation_id = $1 AND referral_id::text NOT LIKE '00000000%'"
    assert await programme.fetch(rights, clinic.organisation_id) == []


async def test_an_end_is_not_taken_back_where_the_person_went_on(programme: ServiceUnderTest) -> None:
    """A stay that goes on would keep the journey's holder, whichever stay began last there."""
    clinic, _, journey_id = await went_on(programme)
    answer = await correct(clinic, journey_id, "stages/1/end", spell=1)
    assert (answer.status_code, answer.json()["unmet"]) == (422, ["holder-unchanged"])


async def test_a_former_stay_is_not_moved_behind_one_that_began_after_it(programme: ServiceUnderTest) -> None:
    """Who had a stay sees what began before it: by a later day of its own it saw more."""
    clinic, centre, third = [await a_clinic(programme) for _ in range(3)]
    journey_id = await clinic.open()
    for stage, begun, ended in ((1, "2025-06-03", "2025-06-20"), (2, "2025-06-25", "2025-07-30")):
        await clinic.start(journey_id, stage, begun)
        await clinic.complete(journey_id, stage, ended)
    for stage in (1, 2):
        again = await clinic.send("PUT", f"/journeys/{journey_id}/stages/{stage}/reopening", {"reason": "mistyped"})
        assert again.status_code == 200, again.text
    for other, stage, begun in ((centre, 1, "2025-07-15"), (third, 2, "2025-08-01")):
        await other.accept(journey_id, stage)
        assert (await other.start(journey_id, stage, begun)).status_code == 200
    visit = {"setting": "inpatient", "programme": "detox", "responsible_doctor": "staff-1", "spell": 1}
    behind = await correct(clinic, journey_id, "stages/2/start", "amendment", started_on="2025-07-20", **visit)
    assert (behind.status_code, behind.json()["unmet"]) == (422, ["holder-unchanged"])
    assert (await correct(clinic, journey_id, "stages/2/start", "amendment", started_on="2025-07-14", **visit)).status_code == 200
