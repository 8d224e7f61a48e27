"""A fact that is entered and corrected leaves all four services as if the corrected fact had been entered at first.

Each sequence is lived by two persons, through PostgreSQL and Kafka: one with the mistake and its correction, one without. What differs by
nature is left out: ids, histories, days counted from the day of entry, what was told already. Source: issue of corrections, section 1.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.monitoring.figure.service import units_of
from services.monitoring.figures import FIGURES
from shared.database import Connection, connect
from shared.errors import Refused
from tests.builders_programme import day
from tests.corrections.rules import HOW, Case, a_case
from tests.corrections.steps import Act, Sequence, Step
from tests.e2e.system import LISTENERS, System
from tests.e2e.test_one_completion import a_person
from tests.e2e.test_three_stages import offering, until_known
from tests.eventually import eventually_sync

SEQUENCES = int(os.environ.get("SEQUENCES", "300"))
AT_ONCE = 100
STAGES = ("preparation", "work", "home")
WHY = {"correction_reason": "mistyped"}
A_VISIT = {"setting": "inpatient", "programme": "detox", "responsible_doctor": "staff-1"}


REQUESTS: dict[Act, tuple[str, str, Callable[[str, int, str], dict[str, Any]]]] = {
    "start": ("PUT", "/stages/{stage}/start", lambda on, stage, to: {**A_VISIT, "started_on": on}),
    "complete": ("PUT", "/stages/{stage}/completion", lambda on, stage, to: {"completed_on": on}),
    "leave": ("PUT", "/stages/{stage}/leaving", lambda on, stage, to: {"left_on": on, "how": HOW["leave"]}),
    "transfer": (
        "PUT",
        "/stages/{stage}/leaving",
        lambda on, stage, to: {"left_on": on, "how": HOW["transfer"], "next_organisation_id": to},
    ),
    "skip": ("PUT", "/stages/{stage}/skip", lambda on, stage, to: {"how": "not-needed", "reason": "not-eligible"}),
    "reopen": ("PUT", "/stages/{stage}/reopening", lambda on, stage, to: {"reason": "returned"}),
    "relapse": ("POST", "/relapses", lambda on, stage, to: {"stage": stage, "on": on}),
    "finish": ("POST", "/completion", lambda on, stage, to: {"completed_on": on}),
}
WHAT = {**dict.fromkeys(HOW, "/stages/{stage}/end"), "skip": "/stages/{stage}/skip", "reopen": "/stages/{stage}/reopening"}
WHAT |= {"start": "/stages/{stage}/start", "finish": "/completion"}


def cases() -> Iterator[Case]:
    """Those of which the rules allow the correction, from the first seed on."""
    seed = 0
    while True:
        case, seed = a_case(seed), seed + 1
        try:
            if case is not None and not _was_taken_up(case.sequence):
                case.wrong.correct(case.sequence)
                yield case
        except Refused:
            continue


def _was_taken_up(sequence: Sequence) -> bool:
    """A stage began after the mistaken end or use: what was asked for it counts as accepted, and stays. Source: contracts, Corrections."""
    asks = sequence.mistake.act in ("relapse", *HOW)
    return asks and any(step.act == "start" and step.stage >= sequence.mistake.stage for step in sequence.after)


@dataclass
class Ground:
    """The running system, a pathway of three stages, the clinic that does everything and the one it hands over to."""

    system: System
    pathway: str
    clinic: UUID
    next_clinic: UUID

    @property
    def token(self) -> str:
        return self.system.token("clinician", self.clinic)


@dataclass
class Lived:
    """One person's journey."""

    ground: Ground
    person_id: str
    journey_id: str
    reports: dict[Step, str] = field(default_factory=dict)

    def send(self, method: str, what: str, body: dict[str, Any]) -> str:
        """The id that is answered."""
        answer = self.ground.system.do(method, "programme", f"/journeys/{self.journey_id}{what}", self.ground.token, body)
        return str(answer["id"])

    def read(self, what: str = "") -> Any:
        return (
            self.ground.system.call("GET", "programme", f"/journeys/{self.journey_id}{what}", self.ground.token).raise_for_status().json()
        )

    def _last_stay(self, stage: int) -> int:
        return max(int(spell["spell"]) for spell in self.read()["spells"] if spell["stage"] == stage)

    def _last_report(self, stage: int) -> str:
        standing = [one for one in self.read("/relapses")["items"] if one["stage"] == stage and not one["withdrawn"]]
        return str(max(standing, key=lambda one: (one["spell"], one["known_on"]))["relapse_id"])

    def do(self, step: Step) -> None:
        if step.act == "refute":
            self.send("POST", f"/relapses/{self._last_report(step.stage)}/refutation", {"reason": "mistyped"})
            return
        method, what, body = REQUESTS[step.act]
        said = body(str(day(step.day)), step.stage, str(self.ground.next_clinic))
        answered = self.send(method, what.format(stage=step.stage), said)
        self.reports |= {step: answered} if step.act == "relapse" else {}

    def correct(self, mistake: Step, right: Step | None) -> None:
        if mistake.act == "relapse":
            what = "amendment" if right else "refutation"
            said = {**WHY, "stage": right.stage, "on": str(day(right.day))} if right else {"reason": "mistyped"}
            self.send("POST", f"/relapses/{self.reports[mistake]}/{what}", said)
            return
        what = WHAT[mistake.act].format(stage=mistake.stage)
        if right is None:
            which: dict[str, Any] = {"completed_on": str(day(mistake.day))} if mistake.act == "finish" else {}
            if mistake.act in ("start", *HOW):
                which = {"spell": self._last_stay(mistake.stage)}
            self.send("POST", f"{what}/entered-in-error", {**WHY, **which})
            return
        on, to = str(day(right.day)), str(self.ground.next_clinic)
        said = REQUESTS[right.act][2](on, right.stage, to)
        if right.act in HOW:
            said = {"ended_on": on, "how": HOW[right.act], **({"next_organisation_id": to} if right.act == "transfer" else {})}
        self.send("POST", f"{what}/amendment", {**said, **WHY})


@pytest.fixture(scope="module")
def ground(system: System) -> Ground:
    code, ministry = f"back-{uuid4().hex[:8]}", system.token("ministry")
    stages = [{"stage": number, "code": name, "planned_weeks": 1} for number, name in enumerate(STAGES, 1)]
    stages[-1]["completes_the_journey"] = True
    system.do("POST", "programme", "/pathways", ministry, {"code": code, "stages": stages})
    system.do("POST", "programme", f"/pathways/{code}/versions/1/publication", ministry)
    return Ground(system, code, offering(system, 2, code), offering(system, 1, code))


def lived(ground: Ground, case: Case) -> tuple[Lived, Lived]:
    """The sequence with its mistake, corrected at the end, and the sequence without it."""
    one, other = (_opened(ground) for _ in range(2))
    sequence = case.sequence
    for step in (*sequence.before, sequence.mistake, *sequence.after):
        one.do(step)
    one.correct(sequence.mistake, sequence.right)
    for step in sequence.at_first():
        other.do(step)
    return one, other


def _opened(ground: Ground) -> Lived:
    person_id = a_person(ground.system, ground.clinic)
    opened = {"person_id": person_id, "pathway": ground.pathway, "opened_on": str(day(0))}
    return Lived(ground, person_id, until_known(ground.system, ground.token, "POST", "programme", "/journeys", opened)["id"])


def test_a_corrected_fact_leaves_all_services_as_if_entered_at_first(ground: Ground) -> None:
    found, left = cases(), SEQUENCES
    while left > 0:
        chosen = [next(found) for _ in range(min(AT_ONCE, left))]
        left -= len(chosen)
        with ThreadPoolExecutor(4) as threads:
            pairs = list(threads.map(lambda case: lived(ground, case), chosen))
        ids = [UUID(one.person_id) for pair in pairs for one in pair]
        eventually_sync(partial(_is_heard, ground.system, ids), timeout=60)
        stands = asyncio.run(standing(ground.system, ids))
        for case, pair in zip(chosen, pairs, strict=True):
            wrong, right = (journey_of(each) | stands[UUID(each.person_id)] for each in pair)
            differs = {name: (wrong[name], right[name]) for name in wrong if wrong[name] != right[name]}
            assert differs == {}, case.sequence


def journey_of(one: Lived) -> dict[str, Any]:
    """What the clinic reads of the journey, without its ids and the history of corrections."""
    journey = one.read()
    for name in ("journey_id", "person_id", "corrections"):
        del journey[name]
    for stage in journey["stages"]:  # why a stage was reopened once is history
        stage["reason"] = stage["reason"] if stage["status"] == "not-needed" else None
    for spell in journey["spells"]:
        spell["own"]["relapses"] = len(spell["own"]["relapses"])
    relapses = one.read("/relapses")["items"]
    names = ("stage", "spell", "definition", "known_on", "reopens", "status")
    return {"journey": journey, "relapses": sorted(repr([line[name] for name in names]) for line in relapses if not line["withdrawn"])}


def _is_heard(system: System, persons: list[UUID]) -> bool:
    return asyncio.run(is_heard(system, persons))


async def is_heard(system: System, persons: list[UUID]) -> bool:
    """Whether all that was told of these persons has taken effect wherever it is heard, and nothing more is on its way."""
    told: dict[tuple[str, UUID], int] = {}
    heard: dict[str, dict[tuple[str, UUID], int]] = {}
    for service in (*LISTENERS, *LISTENERS["programme"]):
        connection = await connect(system.described["databases"][service]["worker"])
        try:
            rows = await connection.fetch(
                "SELECT topic, stream_id, max(seq) AS seq FROM outbox WHERE stream_id = ANY($1::uuid[]) GROUP BY 1, 2", persons
            )
            told |= {(row["topic"], row["stream_id"]): row["seq"] for row in rows}
            rows = await connection.fetch("SELECT topic, stream_id, last_seq FROM inbox WHERE stream_id = ANY($1::uuid[])", persons)
            heard[service] = {(row["topic"], row["stream_id"]): row["last_seq"] for row in rows}
        finally:
            await connection.close()
    hearing = {"programme": LISTENERS["programme"], "referral": ("programme", "family", "monitoring"), "family": ("monitoring",)}
    return all(
        heard[listener].get(place, 0) >= seq
        for place, seq in told.items()
        for listener in hearing.get(place[0].split(".")[0], ())
        if not place[0].endswith(".restricted") or listener == "monitoring"
    )


async def standing(system: System, persons: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """What the listeners keep of each person: open referrals and their deadlines, who has the person, the units of every figure."""
    stands: dict[UUID, dict[str, Any]] = {person_id: {name: [] for name in QUERIES} for person_id in persons}
    for name, (service, query) in QUERIES.items():
        connection = await connect(system.described["databases"][service]["worker"])
        try:
            for row in await connection.fetch(query, persons):
                stands[row["person_id"]][name].append(tuple(row.values())[1:])
            if service == "monitoring":
                await _count(connection, stands)
        finally:
            await connection.close()
    for kept in stands.values():
        for name in QUERIES:
            kept[name].sort(key=repr)
    return stands


async def _count(connection: Connection, stands: dict[UUID, dict[str, Any]]) -> None:
    for person_id, kept in stands.items():
        kept["units"] = Counter(tuple(row.values()) for row in await connection.fetch(units_of(FIGURES), [person_id]))


QUERIES = {
    "referrals": (
        "referral",
        """
        SELECT person_id, stage, status, origin, from_organisation_id, to_organisation_id, has_started, region, due_on IS NOT NULL
        FROM referral WHERE person_id = ANY($1::uuid[]) AND status <> 'entered-in-error'
        """,
    ),
    "deadlines": (
        "referral",
        """
        SELECT r.person_id, r.stage, d.kind FROM deadline d JOIN referral r ON r.referral_id = d.subject_id
        WHERE r.person_id = ANY($1::uuid[])
        """,
    ),
    "stays as referral knows them": (
        "referral",
        "SELECT person_id, stage, spell, organisation_id, started_on, ended FROM spell WHERE person_id = ANY($1::uuid[])",
    ),
    "relations in family": ("family", "SELECT person_id, organisation_id, relation FROM relation WHERE person_id = ANY($1::uuid[])"),
    "persons in monitoring": ("monitoring", "SELECT person_id, died_on FROM person WHERE person_id = ANY($1::uuid[])"),
}
