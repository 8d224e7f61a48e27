"""A fact that is entered and corrected leaves all four services as if the corrected fact had been entered at first.

Each sequence is lived by two persons, through PostgreSQL and Kafka: one with the mistake and its correction, one without. One clinic does
everything, or two and three hand the person over. What differs by nature is left out: ids, histories, days counted from the day of entry,
what was told already. Source: issue of corrections, section 1.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.monitoring.figure.service import units_of
from services.monitoring.figures import FIGURES
from shared.database import Connection, connect
from shared.errors import NotFound, Refused
from tests.builders_programme import day
from tests.corrections.rules import HOW
from tests.corrections.sequences import KINDS, Case, a_case, is_asked_for_since
from tests.corrections.steps import Act, Sequence, Step
from tests.e2e.system import LISTENERS, System
from tests.e2e.test_one_completion import a_person, confirmed
from tests.e2e.test_three_stages import until_known
from tests.eventually import eventually_sync

SEQUENCES = int(os.environ.get("SEQUENCES", "300"))
AT_ONCE = 100
STAGES = ("preparation", "work", "home")
TODAY = datetime.now(UTC).date()
ASKED = ("referrals", "deadlines", "rights in referral", "relations in family", "units of requests")
OF_REQUESTS = ("referral", "referral-after-relapse", "interaction")
"""The figures that are made of requests alone."""
WHY = {"correction_reason": "mistyped"}
A_VISIT = {"setting": "inpatient", "programme": "detox", "responsible_doctor": "staff-1"}


REQUESTS: dict[Act, tuple[str, str, Callable[[Step, list[str]], dict[str, Any]]]] = {
    "start": ("PUT", "/stages/{stage}/start", lambda step, clinics: {**A_VISIT, "started_on": _on(step)}),
    "complete": ("PUT", "/stages/{stage}/completion", lambda step, clinics: {"completed_on": _on(step), **_next(step, clinics)}),
    "leave": ("PUT", "/stages/{stage}/leaving", lambda step, clinics: {"left_on": _on(step), "how": HOW["leave"]}),
    "transfer": (
        "PUT",
        "/stages/{stage}/leaving",
        lambda step, clinics: {"left_on": _on(step), "how": HOW["transfer"], **_next(step, clinics)},
    ),
    "skip": ("PUT", "/stages/{stage}/skip", lambda step, clinics: {"how": "not-needed", "reason": "not-eligible"}),
    "reopen": ("PUT", "/stages/{stage}/reopening", lambda step, clinics: {"reason": "returned"}),
    "relapse": ("POST", "/relapses", lambda step, clinics: {"stage": step.stage, "on": _on(step)}),
    "finish": ("POST", "/completion", lambda step, clinics: {"completed_on": _on(step)}),
}
WHAT = {**dict.fromkeys(HOW, "/stages/{stage}/end"), "skip": "/stages/{stage}/skip", "reopen": "/stages/{stage}/reopening"}
WHAT |= {"start": "/stages/{stage}/start", "finish": "/completion"}


def _on(step: Step) -> str:
    return str(day(step.day))


def _next(step: Step, clinics: list[str]) -> dict[str, str]:
    return {} if step.to is None else {"next_organisation_id": clinics[step.to]}


def chosen(number: int) -> list[tuple[Case, list[str]]]:
    """Corrected cases and their kinds, from the first seed on: half of them as they come, the others of kinds of which there are few."""
    found: list[tuple[Case, list[str]]] = []
    lived, share = Counter[str](), max(1, number // (2 * len(KINDS)))
    for case, kinds in cases():
        rare = {kind for kind in KINDS if lived[kind] < share}
        if len(found) < number // 2 or not rare or rare & set(kinds):
            found.append((case, kinds))
            lived.update(kinds)
        if len(found) == number:
            break
    return found


def cases() -> Iterator[tuple[Case, list[str]]]:
    """Those of which the rules allow the correction, from the first seed on."""
    for seed in count():
        case = a_case(seed)
        if case is None or _was_taken_up(case.sequence):
            continue
        kinds = list(case.kinds())
        try:
            case.correct()
        except (Refused, NotFound):
            continue
        if not case.wrong.dismissed:  # who lost the person ends the acceptance that its start had used: contracts, Corrections
            yield case, kinds


def _was_taken_up(sequence: Sequence) -> bool:
    """Somebody took up what a mistaken end or use had asked for: that counts as accepted, and stays. Source: contracts, Corrections.

    Another day alone asks for nothing else.
    """
    mistake = sequence.mistake
    return (
        mistake.act in ("relapse", *HOW)
        and _is_otherwise(sequence)
        and any(step.act in ("start", "accept") and step.stage >= mistake.stage for step in sequence.after)
    )


def _is_otherwise(sequence: Sequence) -> bool:
    """Whether it was none, or another fact than of another day."""
    mistake, right = sequence.mistake, sequence.right
    return right is None or (right.act, right.to) != (mistake.act, mistake.to)


def left_out(sequence: Sequence, kinds: list[str]) -> tuple[str, ...]:
    """Who does not have the person any more asks nobody: what would be open or accepted again by its correction stays as it ended.

    Source: contracts, Corrections, "Who does not have the person any more asks nobody".
    """
    asks_nobody = "corrected by who lost the person" in kinds and _is_otherwise(sequence)
    return ASKED if asks_nobody or is_asked_for_since(sequence) else ()


@dataclass
class Ground:
    """The running system, a pathway of three stages, and three clinics that offer them all."""

    system: System
    pathway: str
    clinics: list[str]

    def token(self, at: int, role: str = "clinician") -> str:
        return self.system.token(role, UUID(self.clinics[at]))


@dataclass
class Lived:
    """One person's journey."""

    ground: Ground
    person_id: str
    journey_id: str

    def send(self, at: int, method: str, what: str, body: dict[str, Any]) -> None:
        self.ground.system.do(method, "programme", f"/journeys/{self.journey_id}{what}", self.ground.token(at), body)

    def read(self, at: int, what: str = "") -> Any:
        """None where the clinic has no part in the journey."""
        answer = self.ground.system.call("GET", "programme", f"/journeys/{self.journey_id}{what}", self.ground.token(at))
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def do(self, step: Step) -> None:
        if step.act == "accept":
            self._accept(step)
        elif step.act == "refute":
            standing = [one for one in self._reports(step.at) if one["stage"] == step.stage]
            self._refute(step.at, max(standing, key=lambda one: (one["spell"], one["known_on"])))
        else:
            method, what, body = REQUESTS[step.act]
            self.send(step.at, method, what.format(stage=step.stage), body(step, self.ground.clinics))

    def _reports(self, at: int) -> list[dict[str, Any]]:
        return [one for one in self.read(at, "/relapses")["items"] if not one["withdrawn"]]

    def _refute(self, at: int, report: dict[str, Any]) -> None:
        self.send(at, "POST", f"/relapses/{report['relapse_id']}/refutation", {"reason": "mistyped"})

    def _accept(self, step: Step) -> None:
        """Once referral has heard what asks for it; what follows waits until programme has heard the answer."""
        system, clinic = self.ground.system, UUID(self.ground.clinics[step.at])
        asked = partial(_asked, UUID(self.person_id), step.stage, clinic)
        referral_id = eventually_sync(lambda: asyncio.run(_in_databases(system, asked)), timeout=20)
        system.do("POST", "referral", f"/referrals/{referral_id}/status", self.ground.token(step.at, "coordinator"), {"to": "accepted"})
        eventually_sync(lambda: asyncio.run(_in_databases(system, partial(_is_admitted, referral_id))), timeout=20)

    def _correct_report(self, sequence: Sequence) -> None:
        right, place = sequence.right, (sequence.mistake.stage, sequence.spell, _on(sequence.mistake))
        found = next(one for one in self._reports(sequence.by) if (one["stage"], one["spell"], one["known_on"]) == place)
        if right is None:
            self._refute(sequence.by, found)
            return
        said = {**WHY, "stage": right.stage, "on": _on(right)}
        self.send(sequence.by, "POST", f"/relapses/{found['relapse_id']}/amendment", said)

    def correct(self, sequence: Sequence) -> None:
        mistake, right, by = sequence.mistake, sequence.right, sequence.by
        if mistake.act == "relapse":
            self._correct_report(sequence)
            return
        what = WHAT[mistake.act].format(stage=mistake.stage)
        which = {"spell": sequence.spell} if mistake.act in ("start", *HOW) else {}
        if right is None:
            of = {"completed_on": _on(mistake)} if mistake.act == "finish" else which
            self.send(by, "POST", f"{what}/entered-in-error", {**WHY, **of})
            return
        said = REQUESTS[right.act][2](right, self.ground.clinics)
        if right.act in HOW:
            said = {"ended_on": _on(right), "how": HOW[right.act], **_next(right, self.ground.clinics)}
        self.send(by, "POST", f"{what}/amendment", {**said, **which, **WHY})


async def _in_databases(system: System, ask: Callable[[Connection, Connection], Awaitable[Any]]) -> Any:
    """What is asked of programme's and referral's."""
    programme, referral = [await connect(system.described["databases"][name]["worker"]) for name in ("programme", "referral")]
    try:
        return await ask(programme, referral)
    finally:
        await programme.close()
        await referral.close()


async def _asked(person_id: UUID, stage: int, clinic: UUID, programme: Connection, referral: Connection) -> UUID | None:
    """The open referral of the stage that the clinic may accept, once all that was told of the person is heard."""
    told = await programme.fetchval("SELECT max(seq) FROM outbox WHERE stream_id = $1 AND topic = 'programme'", person_id)
    heard = await referral.fetchval("SELECT last_seq FROM inbox WHERE stream_id = $1 AND topic = 'programme'", person_id)
    if (heard or 0) < (told or 0):
        return None
    statement = """
    SELECT referral_id FROM referral WHERE person_id = $1 AND stage = $2 AND status = 'requested'
        AND coalesce(to_organisation_id, $3) = $3
    """
    found: UUID | None = await referral.fetchval(statement, person_id, stage, clinic)
    return found


async def _is_admitted(referral_id: UUID, programme: Connection, _: Connection) -> bool:
    return bool(await programme.fetchval("SELECT EXISTS (SELECT FROM party WHERE referral_id = $1)", referral_id))


@pytest.fixture(scope="module")
def ground(system: System) -> Ground:
    code, ministry = f"back-{uuid4().hex[:8]}", system.token("ministry")
    stages = [{"stage": number, "code": name, "planned_weeks": 1} for number, name in enumerate(STAGES, 1)]
    stages[-1]["completes_the_journey"] = True
    system.do("POST", "programme", "/pathways", ministry, {"code": code, "stages": stages})
    system.do("POST", "programme", f"/pathways/{code}/versions/1/publication", ministry)
    return Ground(system, code, [_a_clinic(system, code) for _ in range(3)])


def _a_clinic(system: System, code: str) -> str:
    clinic, stages = uuid4(), [{"pathway": code, "stage": stage} for stage in (1, 2, 3)]
    services = [{**one, "programme": "detox", "setting": "inpatient", "places_free": 3, "places_as_of": str(TODAY)} for one in stages]
    entry = {"name": "house", "level": "meso", "kind": "ngo", "region": "UZ-TK", "services": services}
    system.do("PUT", "referral", f"/organisations/{clinic}", system.token("registrar", clinic), entry)
    confirmed(system, clinic, "ngo", stages)
    return str(clinic)


def lived(ground: Ground, case: Case) -> tuple[Lived, Lived]:
    """The sequence with its mistake, corrected at the end, and the sequence without it."""
    one, other = (_opened(ground) for _ in range(2))
    sequence = case.sequence
    for step in (*sequence.before, sequence.mistake, *sequence.after):
        one.do(step)
    one.correct(sequence)
    for step in sequence.at_first():
        other.do(step)
    return one, other


def _opened(ground: Ground) -> Lived:
    person_id = a_person(ground.system, UUID(ground.clinics[0]))
    opened = {"person_id": person_id, "pathway": ground.pathway, "opened_on": str(day(0))}
    return Lived(ground, person_id, until_known(ground.system, ground.token(0), "POST", "programme", "/journeys", opened)["id"])


def test_a_corrected_fact_leaves_all_services_as_if_entered_at_first(ground: Ground) -> None:
    found, kinds = chosen(SEQUENCES), Counter[str]()
    for first in range(0, SEQUENCES, AT_ONCE):
        some = found[first : first + AT_ONCE]
        with ThreadPoolExecutor(4) as threads:
            pairs = list(threads.map(lambda one: lived(ground, one[0]), some))
        ids = [UUID(one.person_id) for pair in pairs for one in pair]
        eventually_sync(partial(_is_heard, ground.system, ids), timeout=60)
        stands = asyncio.run(standing(ground.system, ids))
        for (case, of), pair in zip(some, pairs, strict=True):
            wrong, right = (journey_of(each, case.organisations) | stands[UUID(each.person_id)] for each in pair)
            compared = set(wrong) - set(left_out(case.sequence, of))
            differs = {name: (wrong[name], right[name]) for name in compared if wrong[name] != right[name]}
            assert differs == {}, case.sequence
            kinds.update(of)
    assert [kind for kind in KINDS if not kinds[kind]] == [], kinds


def journey_of(one: Lived, organisations: int) -> dict[str, Any]:
    """What each clinic reads of the journey, without its ids and the history of corrections."""
    return {f"read by {at}": (_shown(one.read(at)), _relapses(one.read(at, "/relapses"))) for at in range(organisations)}


def _shown(journey: Any) -> Any:
    if journey is None:
        return None
    for name in ("journey_id", "person_id", "corrections"):
        del journey[name]
    for stage in journey["stages"]:  # why a stage was reopened once is history
        stage["reason"] = stage["reason"] if stage["status"] == "not-needed" else None
    for spell in journey["spells"]:
        if spell["own"]:
            spell["own"]["relapses"] = len(spell["own"]["relapses"])
    return journey


def _relapses(page: Any) -> Any:
    names = ("stage", "spell", "definition", "known_on", "reopens", "status")
    return page and sorted(repr([line[name] for name in names]) for line in page["items"] if not line["withdrawn"])


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
        rows = [tuple(row.values()) for row in await connection.fetch(units_of(FIGURES), [person_id])]
        kept["units"] = Counter(row[:-1] for row in rows if row[0] not in OF_REQUESTS)  # the last one is a request's hand-over limit
        kept["units of requests"] = Counter(row for row in rows if row[0] in (*OF_REQUESTS, "handover"))


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
    "rights in referral": (
        "referral",
        "SELECT DISTINCT person_id, organisation_id, relation FROM case_relation WHERE person_id = ANY($1::uuid[])",
    ),
    "relations in family": ("family", "SELECT person_id, organisation_id, relation FROM relation WHERE person_id = ANY($1::uuid[])"),
    "persons in monitoring": ("monitoring", "SELECT person_id, died_on FROM person WHERE person_id = ANY($1::uuid[])"),
}
