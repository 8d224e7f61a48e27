"""No personal word leaves its room: markers put into every personal field are looked for in topics, logs, tables and error bodies.

Source: privacy section 7.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from shared.database import connect
from shared.events import published_by
from shared.kafka import PARTITIONS, Consumer, Record
from tests.e2e.system import System
from tests.e2e.test_one_completion import TODAY, a_person, a_started_journey, an_organisation
from tests.eventually import eventually_sync

MARKER = f"canary{uuid4().hex[:12]}"
TOPICS = sorted({event.topic for service in ("referral", "programme", "family", "monitoring") for event in published_by(service)})
# Where a personal word may lie: a person's name and what was asked in referral, a contact and what it wrote in family.
ROOMS = {"referral": {"person", "enquiry"}, "family": {"contact", "contact_address", "concern"}}


def test_personal_markers_stay_in_their_rooms(system: System) -> None:
    bodies = list(leave_markers(system))

    assert not [body for body in bodies if MARKER in body]
    records = asyncio.run(all_records(system))
    assert len(records) > 5
    assert not [record.topic for record in records if MARKER.encode() in whole(record)]
    logs = list(Path(system.described["supervisor"]["log"]).parent.glob("*.log"))
    assert len(logs) > 5
    assert not [log.name for log in logs if MARKER in log.read_text(errors="replace")]
    found = asyncio.run(tables_with_marker(system))
    assert found and all(table in ROOMS.get(service, set()) for service, table in found), found


def leave_markers(system: System) -> Iterator[str]:
    """Put the marker wherever a person may write; answers what error bodies said when it stood where it does not fit."""
    clinic = an_organisation(system, 1)
    token, family = system.token("coordinator", clinic), system.token("system", clinic)
    person = {"name": MARKER, "birth_on": "1988-01-01", "region": "UZ-TK", "categories": []}
    person_id = system.do("POST", "referral", "/persons", token, person)["id"]
    a_started_journey(system, clinic, a_person(system, clinic))
    contact = {
        "relation": "parent",
        "kind": "family",
        "majority": "adult",
        "language": "ru",
        "name": MARKER,
        "email": f"{MARKER}@example.org",
    }

    def contact_made() -> str:
        answer = system.call("POST", "family", f"/persons/{person_id}/contacts", family, contact)
        return str(answer.json()["id"]) if answer.status_code == 201 else ""

    journey = {"person_id": person_id, "pathway": "addiction-rehabilitation", "opened_on": str(TODAY)}
    eventually_sync(lambda: system.call("POST", "programme", "/journeys", system.token("clinician", clinic), journey).status_code == 201)
    contact_id = eventually_sync(contact_made)
    concern: dict[str, object] = {"link": contact_id, "description": MARKER, "signs": [], "worldview": "not-known"}
    system.do("POST", "family", "/concerns", system.token("contact", sub=contact_id), concern)
    yield from (
        system.call("POST", "referral", "/persons", token, body).text
        for body in ({**person, "birth_on": MARKER}, {**person, MARKER: 1}, {**person, "region": MARKER}, [MARKER], {"name": [MARKER]})
    )
    yield system.call("GET", "referral", f"/persons/{MARKER}", token).text
    yield system.call("GET", "referral", f"/referrals?cursor={MARKER}", token).text
    yield system.call("GET", "family", f"/{MARKER}", token).text
    for addresses in ({"email": MARKER}, {MARKER: f"{MARKER}@example.org"}, {"email": {MARKER: 1}}):
        yield system.call("POST", "family", f"/persons/{person_id}/contacts", family, {**contact, "addresses": addresses}).text


def whole(record: Record) -> bytes:
    """Body and headers of a record."""
    return b" ".join([record.value or b"", *(value or b"" for _, value in record.headers)])


async def all_records(system: System) -> list[Record]:
    """Everything on the six topics so far."""
    consumer = Consumer(system.described["kafka"]["bootstrap_servers"], f"canary-{uuid4()}", TOPICS, 6000, 1000)
    await consumer.start()
    records: list[Record] = []
    try:
        ends = await consumer.range_of((topic, partition) for topic in TOPICS for partition in range(PARTITIONS))
        while len(records) < sum(end - beginning for beginning, end in ends.values()):
            for partition in sorted(consumer.fresh):
                consumer.seek(*partition, 0)
            records += await consumer.poll(1000)
    finally:
        await consumer.stop()
    return records


async def tables_with_marker(system: System) -> set[tuple[str, str]]:
    """Every (service, table) in which some row holds the marker."""
    found = set()
    for service, urls in system.described["databases"].items():
        connection = await connect(urls["owner"])
        for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {row['tablename']} t WHERE t::text LIKE $1)", f"%{MARKER}%"):
                found.add((service, row["tablename"]))
        await connection.close()
    return found
