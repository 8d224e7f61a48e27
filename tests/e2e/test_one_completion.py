"""One completed stage, seen in the three other services over HTTP. Source: house section 3; mission rows 002-15, 002-22."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from shared.database import Record, connect
from shared.events.pathway import DEFAULT_PATHWAY
from tests.e2e.system import System
from tests.eventually import eventually_sync

TODAY = datetime.now(UTC).date()


def an_organisation(system: System, stage: int, kind: str = "medical-organisation") -> UUID:
    """A clinic of its own region-wide entry, with places for `stage`."""
    org = uuid4()
    service = {"stage": stage, "programme": f"stage-{stage}", "setting": "inpatient", "places_free": 5, "places_as_of": str(TODAY)}
    body = {"name": f"clinic-{stage}", "level": "meso", "kind": kind, "region": "UZ-TK", "services": [service]}
    system.do("PUT", "referral", f"/organisations/{org}", system.token("registrar", org), body)
    confirmed(system, org, kind, [{"stage": stage}])
    return org


def confirmed(system: System, org: UUID, kind: str, stages: list[dict[str, Any]]) -> None:
    """By the ministry: until then it is referred nobody."""
    body = {"kind": kind, "level": "meso", "stages": stages}
    system.do("PUT", "referral", f"/organisations/{org}/confirmation", system.token("ministry"), body)


def a_person(system: System, org: UUID) -> str:
    body = {"name": "record-1", "birth_on": "1990-05-01", "region": "UZ-TK", "categories": []}
    return str(system.do("POST", "referral", "/persons", system.token("coordinator", org), body)["id"])


def a_started_journey(system: System, org: UUID, person_id: str) -> str:
    """On its pathway, stage 1 started ten days ago."""
    clinician = system.token("clinician", org)
    opened = {"person_id": person_id, "pathway": "addiction-rehabilitation", "opened_on": str(TODAY - timedelta(days=10))}

    def answer() -> Any:
        response = system.call("POST", "programme", "/journeys", clinician, opened)
        return response if response.status_code == 201 else None

    journey = str(eventually_sync(answer).json()["id"])
    start = {"started_on": str(TODAY - timedelta(days=10)), "setting": "inpatient", "programme": "stage-1", "responsible_doctor": "staff-1"}
    system.do("PUT", "programme", f"/journeys/{journey}/stages/1/start", clinician, start)
    return journey


def a_contact(system: System, org: UUID, person_id: str, topics: list[str]) -> str:
    """A family contact; with topics, one who may be told."""
    token = system.token("system", org)
    body = {"name": "record-1-contact", "relation": "parent", "kind": "family", "majority": "adult", "language": "ru", "email": None}

    def answer() -> Any:
        response = system.call("POST", "family", f"/persons/{person_id}/contacts", token, body)
        return response if response.status_code == 201 else None

    contact = str(eventually_sync(answer).json()["id"])
    if topics:
        permission = {"topics": topics, "channels": ["inbox"], "until": None, "given_by": "person", "given_on": str(TODAY)}
        system.do("POST", "family", f"/contacts/{contact}/permissions", token, permission)
    return contact


def test_a_completed_stage_takes_effect_once_in_all_four_services(system: System) -> None:
    detox, treatment = an_organisation(system, 1), an_organisation(system, 2)
    person_id = a_person(system, detox)
    journey = a_started_journey(system, detox, person_id)
    told, untold = a_contact(system, detox, person_id, ["stage", "referral"]), a_contact(system, detox, person_id, [])
    completed_before = handover(system)["completed"]

    completion = {"completed_on": str(TODAY), "next_organisation_id": str(treatment)}
    done = system.do("PUT", "programme", f"/journeys/{journey}/stages/1/completion", system.token("clinician", detox), completion)

    (place,) = done["events"].split(", ")
    eventually_sync(
        lambda: [system.seen(listener, place) for listener in ("referral", "family", "monitoring")] == ["has-it"] * 3, timeout=2
    )
    assert stage_messages(system, told) and not stage_messages(system, untold)
    (opened,) = referrals_in(system, treatment)
    assert (opened["person_id"], opened["stage"], opened["status"]) == (None, 2, "requested")
    assert opened["due_on"] > str(TODAY)
    accepted = system.do(
        "POST", "referral", f"/referrals/{opened['id']}/status", system.token("coordinator", treatment), {"to": "accepted"}
    )
    assert accepted["status"] == "accepted"
    assert [referral["person_id"] for referral in referrals_in(system, treatment)] == [person_id]
    assert handover(system)["completed"] == completed_before + 1


def test_one_trace_leads_from_the_call_to_the_last_service(system: System) -> None:
    """What a handler appends names the event that caused it, the correlation and the trace of the call. Source: delivery section 5."""
    clinic = an_organisation(system, 1)
    person_id = a_person(system, clinic)
    journey = a_started_journey(system, clinic, person_id)
    trace = uuid4().hex
    completion = {"completed_on": str(TODAY)}
    path = f"/journeys/{journey}/stages/1/completion"
    system.client.headers["traceparent"] = f"00-{trace}-{'1' * 16}-01"
    done = system.do("PUT", "programme", path, system.token("clinician", clinic), completion)
    del system.client.headers["traceparent"]

    cause = asyncio.run(outbox_rows(system, "programme", person_id, "seq = $2", int(done["events"].rpartition("/")[2])))[0]
    effect = eventually_sync(lambda: asyncio.run(outbox_rows(system, "referral", person_id, "causation_id = $2", cause["event_id"])))[0]
    assert cause["traceparent"].split("-")[1] == effect["traceparent"].split("-")[1] == trace
    assert cause["correlation_id"] == effect["correlation_id"]


async def outbox_rows(system: System, service: str, person_id: str, which: str, value: Any) -> list[Record]:
    """Rows of a service's log of this person's stream."""
    connection = await connect(system.described["databases"][service]["worker"])
    try:
        return await connection.fetch(
            f"SELECT * FROM outbox WHERE stream_id = $1 AND topic = '{service}' AND {which}", UUID(person_id), value
        )
    finally:
        await connection.close()


def stage_messages(system: System, contact: str) -> list[dict[str, Any]]:
    """What the contact itself finds in its inbox on the stage."""
    answer = system.call("GET", "family", "/messages", system.token("contact", sub=contact)).raise_for_status().json()
    return [message for message in answer["items"] if message["topic"] == "stage"]


def referrals_in(system: System, org: UUID) -> list[dict[str, Any]]:
    answer = system.call("GET", "referral", "/referrals?direction=in", system.token("coordinator", org))
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


def handover(system: System) -> dict[str, Any]:
    """The exact hand-over 1 -> 2 of the default pathway; zeros before anybody completed."""
    rows = [row for row in system.figures()["handovers"] if (row["pathway"], row["from_stage"], row["to_stage"]) == (DEFAULT_PATHWAY, 1, 2)]
    return rows[0] if rows else {"completed": 0}
