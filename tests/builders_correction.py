"""Two persons side by side: of one a wrong fact was told and corrected, of the other the right one. No assertion lives here."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from shared.events import Event
from shared.identity import Caller
from tests.builders_referral import CENTRE, CLINIC, STRANGER, confirm, coordinator, registrar, the_person
from tests.harness import ServiceUnderTest

STANDS = """
SELECT stage, status, from_organisation_id, to_organisation_id, due_on, has_started, origin, asked_as, basis_withdrawn, journey_id IS NULL
FROM referral WHERE person_id = $1 AND status <> 'entered-in-error' ORDER BY stage, opened_at, referral_id
"""
DUE = "SELECT kind, stage, due_at FROM deadline JOIN referral ON referral_id = subject_id WHERE person_id = $1 ORDER BY 1, 2, 3"
RELATIONS = "SELECT DISTINCT organisation_id, relation FROM case_relation WHERE person_id = $1 ORDER BY 1, 2"
STAYS = "SELECT stage, spell, organisation_id, started_on, ended, next_organisation_id FROM spell WHERE person_id = $1 ORDER BY 1, 2"
OTHER_KEYS = {"id", "person_id", "journey_id", "opened_at", "replaces", "history"}


async def three_organisations(service: ServiceUnderTest) -> None:
    """CLINIC, CENTRE and STRANGER offer stages 2 and 3 and are confirmed for them."""
    for organisation_id in (CLINIC, CENTRE, STRANGER):
        offered = [{"stage": stage, "programme": "naltrexone", "setting": "outpatient"} for stage in (2, 3)]
        entry = {"name": "0051-site-02", "level": "meso", "kind": "medical-organisation", "region": "UZ-TK", "services": offered}
        await service.call("PUT", f"/organisations/{organisation_id}", registrar(organisation_id), json=entry)
        await confirm(service, organisation_id, [{"stage": 2}, {"stage": 3}])


async def told(service: ServiceUnderTest, person_id: UUID, journey_id: UUID, events: Sequence[Event]) -> None:
    """The same facts of this person and journey, each in a batch of its own."""
    for event in events:
        names = {"person_id": person_id} | ({"journey_id": journey_id} if hasattr(event, "journey_id") else {})
        await service.deliver(event.model_copy(update=names))


def a_journey_id() -> UUID:
    return uuid4()


async def picture(service: ServiceUnderTest, person_id: UUID) -> dict[str, Any]:
    """All that can be seen of a person's referrals but ids, histories and what was entered in error."""
    kept = {
        name: [tuple(row) for row in await service.fetch(statement, person_id)]
        for name, statement in (("stands", STANDS), ("due", DUE), ("relations", RELATIONS), ("stays", STAYS))
    }
    return kept | {"seen": await seen(service, person_id)}


async def seen(service: ServiceUnderTest, person_id: UUID) -> dict[str, Any]:
    """What each organisation and the person read: lists, and each referral."""
    own = [row["referral_id"] for row in await service.fetch("SELECT referral_id FROM referral WHERE person_id = $1", person_id)]
    found: dict[str, Any] = {}
    for caller in (*(coordinator(one) for one in (CLINIC, CENTRE, STRANGER)), the_person(person_id)):
        name = str(caller.organisation_id)
        for direction in ("in", "out", "held"):
            items = (await service.call("GET", f"/referrals?direction={direction}&limit=200", caller)).json()["items"]
            found[f"{direction} {name}"] = _shown(item for item in items if UUID(item["id"]) in own)
        found[f"whole {name}"] = _shown([answer for one in own if (answer := await _one(service, one, caller))])
    return found


async def _one(service: ServiceUnderTest, referral_id: UUID, caller: Caller) -> Any:
    answer = await service.call("GET", f"/referrals/{referral_id}", caller)
    return answer.json() if answer.status_code == 200 else None


def _shown(items: Any) -> list[Any]:
    shown = [item for item in items if item["status"] != "entered-in-error"]
    known = [{key: value for key, value in item.items() if key not in OTHER_KEYS} | {"known": bool(item["person_id"])} for item in shown]
    return sorted(known, key=str)
