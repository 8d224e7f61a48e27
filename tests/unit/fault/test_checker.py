"""Every assertion of the checker is seen failing: a small flawless history, spoilt in one place at a time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from tests.fault.checker import check
from tests.fault.evidence import LISTENERS, PUBLISHED, Aside, Evidence, Heard, Held, Injected, Kept, Logged, OnLog
from tests.fault.figures import units
from tests.fault.folding import PROJECTIONS
from tests.fault.ledger import Command, Entry
from tests.fault.telling import is_stopped, occasion

NAMES = UUID("0d6b3c9e-0000-4000-8000-000000000000")
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def an_id(name: str) -> UUID:
    return uuid5(NAMES, name)


PERSON, JOURNEY, REFERRAL, CONCERN, CONTACT, PERMISSION = (str(an_id(name)) for name in ("p", "j", "r", "k", "c", "m"))
FIRST, SECOND = str(an_id("clinic-1")), str(an_id("clinic-2"))


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def fact(place: str, kind: str, seconds: float, cause: str = "", **body: Any) -> Logged:
    """`place`: topic/seq of the person's stream; the event's id is that of its place, so that causes can be named."""
    topic, _, seq = place.partition("/")
    service = topic.partition(".")[0]
    wire = f"throughcare.{service}.{kind}.v1"
    stream, cause_id = UUID(PERSON), an_id(cause) if cause else None
    return Logged(service, int(seq) * 10, an_id(place), topic, stream, int(seq), wire, {"person_id": PERSON, **body}, cause_id, at(seconds))


SPELL: dict[str, Any] = {"journey_id": JOURNEY, "stage": 1, "spell": 1, "organisation_id": FIRST, "imported": False}
OF_REFERRAL: dict[str, Any] = {
    "referral_id": REFERRAL,
    "journey_id": JOURNEY,
    "stage": 2,
    "due_on": "2026-03-09",
    "limit_days": 21,
    "stage_code": "treatment",
}
HISTORY = (
    fact("referral/1", "person_registered", 1, region="UZ-TK", life_period="adult"),
    fact("programme/1", "journey_opened", 2, journey_id=JOURNEY, organisation_id=FIRST, opened_on="2026-03-01", imported=False),
    fact("programme/2", "stage_started", 3, **SPELL, started_on="2026-03-01"),
    fact("family/1", "concern_raised", 20, concern_id=CONCERN, severity="mild"),
    fact("programme/3", "stage_completed", 30, **SPELL, completed_on="2026-03-02", next_organisation_id=SECOND),
    fact(
        "referral/2",
        "referral_opened",
        31,
        "programme/3",
        **OF_REFERRAL,
        from_organisation_id=FIRST,
        to_organisation_id=SECOND,
        region="UZ-TK",
        origin="completion",
    ),
    fact("family/2", "message_delivered", 31, "programme/3", message_id=str(an_id("message programme/3")), reason="inbox"),
    fact("family/3", "message_delivered", 32, "referral/2", message_id=str(an_id("message referral/2")), reason="inbox"),
)
COMMANDS = (
    ("register", "referral", "/persons", PERSON, ("referral/1",), 1),
    ("open", "programme", "/journeys", JOURNEY, ("programme/1",), 2),
    ("start", "programme", "/journeys/j/stages/1/start", JOURNEY, ("programme/2",), 3),
    ("contact", "family", f"/persons/{PERSON}/contacts", CONTACT, (), 5),
    ("permit", "family", f"/contacts/{CONTACT}/permissions", PERMISSION, (), 6),
    ("concern", "family", "/concerns", CONCERN, (), 19),
    ("complete", "programme", "/journeys/j/stages/1/completion", JOURNEY, ("programme/3",), 30),
)


def an_entry(n: int, what: tuple[str, str, str, str, tuple[str, ...], float]) -> Entry:
    name, service, path, answered, places, seconds = what
    topics = {"topics": ["stage", "referral"]} if name == "permit" else {}
    kinds = {f"{row.topic}/{row.seq}": row.kind for row in HISTORY}
    tells = tuple(kinds[place] for place in places)
    told = tuple((place.split("/")[0], UUID(PERSON), int(place.split("/")[1])) for place in places)
    command = Command(name, "system", UUID(FIRST), "POST", service, path, topics, tells)
    when = at(seconds).timestamp()
    return Entry(f"key-{n}", command, n, when, when + 0.1, "ok", 201, answered, told, 1)


def a_message(cause: str, topic: str, seconds: float) -> dict[str, Any]:
    (event,) = (row for row in HISTORY if row.event_id == an_id(cause))
    return {
        "message_id": an_id(f"message {cause}"),
        "event_id": occasion(event),
        "corrected_at": None,
        "contact_id": UUID(CONTACT),
        "person_id": UUID(PERSON),
        "topic": topic,
        "state": "delivered",
        "created_at": at(seconds),
        "claimed_at": None,
    }


def flawless() -> Evidence:
    """Tables as their folds have them: whether the folds are right, the real services show in every row of the fault table."""
    held = {service: Held() for service in PUBLISHED}
    for row in HISTORY:
        held[row.service].outbox.append(row)
        held[row.service].counters[row.stream] = max(row.seq, held[row.service].counters.get(row.stream, 0))
    for service in PUBLISHED:
        for (topic, stream_id), last in held[service].counters.items():
            for listener in LISTENERS[topic]:
                held[listener].inbox[(topic, stream_id)] = Heard(last, False, False)
    entries = [an_entry(n, command) for n, command in enumerate(COMMANDS)]
    for entry in entries:
        events = ", ".join(f"{topic}/{stream}/{seq}" for topic, stream, seq in entry.places) or None
        held[entry.command.service].kept.append(Kept(entry.key, entry.status, f'{{"id":"{entry.id}","status":"x"}}', events))
    for (service, table), (key, fold) in PROJECTIONS.items():
        held[service].rows[table] = [{**dict(zip(key, place, strict=True)), **row} for place, row in fold(HISTORY).items()]
    held["family"].rows |= {
        "contact": [{"contact_id": UUID(CONTACT), "person_id": UUID(PERSON)}],
        "permission": [{"permission_id": UUID(PERMISSION), "contact_id": UUID(CONTACT)}],
        "message": [a_message("programme/3", "stage", 31), a_message("referral/2", "referral", 32)],
    }
    log = [OnLog(row.event_id, row.topic, row.stream_id, row.seq) for row in HISTORY]
    return Evidence(entries, [], held, log, list(log), [], Injected(), rollups=Counter(units(HISTORY)))


def test_a_flawless_history_has_no_findings() -> None:
    assert check(flawless()) == []


Spoil = Callable[[Evidence], object]


def without(evidence: Evidence, service: str, kind: str) -> None:
    """As if it had never been said, with everything else as it was."""
    evidence.held[service].outbox = [row for row in evidence.held[service].outbox if row.kind != kind]


def message(evidence: Evidence, **changes: Any) -> None:
    evidence.held["family"].rows["message"][0] |= changes


def again(evidence: Evidence, service: str, kind: str, **changes: Any) -> None:
    """A further row like one that is there, with another id and the next number of its stream."""
    held = evidence.held[service]
    row = next(row for row in held.outbox if row.kind == kind)
    last = held.counters[row.stream] + 1
    body = {**row.body, **changes.pop("body", {})}
    held.outbox.append(row._replace(id=last * 10, event_id=an_id(f"again {last}"), seq=last, body=body, **changes))
    held.counters[row.stream] = last


def revoked(evidence: Evidence, seconds: float) -> None:
    path = f"/contacts/{CONTACT}/permissions/{PERMISSION}/revocation"
    evidence.entries.append(an_entry(99, ("revoke", "family", path, PERMISSION, (), seconds)))


def claimed_after_revocation(evidence: Evidence) -> None:
    revoked(evidence, 40)
    message(evidence, claimed_at=at(50))


def swapped(evidence: Evidence) -> None:
    """Completed before it was started, as far as the topic tells."""
    log = evidence.log
    second, third = (next(n for n, r in enumerate(log) if (r.topic, r.seq) == ("programme", seq)) for seq in (2, 3))
    log[second], log[third] = log[third], log[second]


def spoilt_counts(evidence: Evidence, by: int) -> None:
    evidence.rollups[next(iter(evidence.rollups))] += by


LOST = {
    "a kept answer": ("accepted-once", lambda e: e.held["programme"].kept.pop()),
    "the version of a command": ("accepted-once", lambda e: without(e, "programme", "stage_completed")),
    "an unknown": ("accepted-once", lambda e: setattr(e.entries[2], "outcome", "unknown")),
    "a contact": ("accepted-once", lambda e: e.held["family"].rows["contact"].clear()),
    "a number": ("stream-contiguous", lambda e: without(e, "programme", "stage_started")),
    "a record": ("log-complete", lambda e: e.log.pop(2)),
    "the end of a stream": (
        "effect-once-per-listener",
        lambda e: e.held["referral"].inbox.update({("programme", UUID(PERSON)): Heard(2, False, False)}),
    ),
    "a stream": ("effect-once-per-listener", lambda e: e.held["monitoring"].inbox.clear()),
    "a blocked stream": (
        "effect-once-per-listener",
        lambda e: e.held["family"].inbox.update({("programme", UUID(PERSON)): Heard(3, True, False)}),
    ),
    "a referral": ("effect-once-per-listener", lambda e: without(e, "referral", "referral_opened")),
    "a projected row": ("projection-equals-recomputation", lambda e: e.held["monitoring"].rows["spell"].clear()),
    "a count": ("projection-equals-recomputation", lambda e: spoilt_counts(e, -1)),
    "a message": ("one-message-per-contact", lambda e: e.held["family"].rows["message"].pop()),
    "a delivery's fact": ("one-message-per-contact", lambda e: without(e, "family", "message_delivered")),
}
DOUBLED = {
    "a kept answer": ("accepted-once", lambda e: e.held["referral"].kept.append(e.held["referral"].kept[0])),
    "a command refused for its own effect": ("accepted-once", lambda e: setattr(e.entries[2], "outcome", "refused")),
    "a place": ("accepted-once", lambda e: setattr(e.entries[2], "places", e.entries[1].places)),
    "a contact": (
        "accepted-once",
        lambda e: e.held["family"].rows["contact"].append({"contact_id": an_id("2"), "person_id": UUID(PERSON)}),
    ),
    "an effect": ("no-effect-without-command", lambda e: again(e, "referral", "referral_opened", body={"referral_id": str(an_id("r2"))})),
    "a referral": ("effect-once-per-listener", lambda e: again(e, "referral", "referral_opened")),
    "an effect in a listener": (
        "effect-once-per-listener",
        lambda e: e.held["family"].inbox.update({("programme", UUID(PERSON)): Heard(4, False, False)}),
    ),
    "a count": ("projection-equals-recomputation", lambda e: spoilt_counts(e, 1)),
    "a message": ("one-message-per-contact", lambda e: e.held["family"].rows["message"].append(a_message("programme/3", "stage", 31))),
    "a delivery's fact": ("one-message-per-contact", lambda e: again(e, "family", "message_delivered")),
    "a mail": (
        "one-message-per-contact",
        lambda e: (
            e.held["family"].rows.update(contact_address=[{"contact_id": UUID(CONTACT), "channel": "email", "address": "a@b.example"}]),
            e.mails.append({"to": "a@b.example"}),
        ),
    ),
}
WRONG = {
    "another answer": ("accepted-once", lambda e: setattr(e.entries[0], "id", FIRST)),
    "another event": ("accepted-once", lambda e: setattr(e.entries[0], "command", replace(e.entries[0].command, tells=("person_died",)))),
    "an answer to a refused command": ("accepted-once", lambda e: setattr(e.entries[2], "outcome", "refused")),
    "a fact from nothing": ("no-effect-without-command", lambda e: again(e, "programme", "stage_completed", causation_id=None)),
    "a stream of nobody": (
        "effect-once-per-listener",
        lambda e: e.held["family"].inbox.update({("programme", an_id("x")): Heard(1, False, False)}),
    ),
    "a projected row of nobody": (
        "projection-equals-recomputation",
        lambda e: e.held["monitoring"].rows["skip"].append({"journey_id": JOURNEY, "stage": 4}),
    ),
    "a projected value": ("projection-equals-recomputation", lambda e: e.held["programme"].rows["person"][0].update(region="UZ-SA")),
    "a message of nothing": ("one-message-per-contact", lambda e: message(e, event_id=an_id("x"))),
    "a message on another topic": ("permitted-at-claim", lambda e: message(e, topic="relapse")),
    "a message after the revocation": ("permitted-at-claim", lambda e: revoked(e, 10)),
    "a claim after the revocation": ("permitted-at-claim", claimed_after_revocation),
    "a parked event": ("parked-only-injected", lambda e: e.aside.append(Aside("parked", "family", "programme", UUID(PERSON), 2, "failed"))),
    "a quarantined record": ("parked-only-injected", lambda e: e.aside.append(Aside("quarantine", "family", "programme/3", None, 7, "x"))),
    "a halted topic": ("parked-only-injected", lambda e: e.aside.append(Aside("halt", "family", "programme", None, 0, "x"))),
    "an answer 500": ("never-500", lambda e: e.alarms.append("500 to open")),
}
DISORDERED = {
    "the log": ("effect-in-order", swapped),
    "the effects": ("effect-in-order", lambda e: again(e, "family", "message_delivered", causation_id=an_id("programme/2"))),
}
SPOILT: list[tuple[str, str, str, Spoil]] = [
    (what, *case, spoil)  # type: ignore[misc]
    for what, cases in (("lost", LOST), ("doubled", DOUBLED), ("wrong", WRONG), ("disordered", DISORDERED))
    for case, spoil in [((assertion,), spoil) for assertion, spoil in cases.values()]
]


@pytest.mark.parametrize(
    ("what", "assertion", "spoil"),
    SPOILT,
    ids=[f"{what} {n}" for what, cs in (("lost", LOST), ("doubled", DOUBLED), ("wrong", WRONG), ("disordered", DISORDERED)) for n in cs],
)
def test_each_assertion_can_fail(what: str, assertion: str, spoil: Spoil) -> None:
    evidence = flawless()
    spoil(evidence)
    assert (assertion, what) in {(finding.assertion, finding.what) for finding in check(evidence)}


def test_what_a_row_injected_is_no_finding() -> None:
    evidence = flawless()
    made_up = ("programme", an_id("poison"))
    evidence.held["family"].inbox[made_up] = Heard(0, True, False)
    evidence.aside += [Aside("parked", "family", *made_up, 1, "failed"), Aside("quarantine", "family", "programme/3", None, 7, "x")]
    assert len(check(evidence)) == 3
    evidence.injected.streams.add(made_up)
    evidence.injected.records.add(("programme", 3, 7))
    assert check(evidence) == []


def test_what_is_repeated_on_the_log_is_no_disorder() -> None:
    evidence = flawless()
    evidence.log += evidence.log
    assert check(evidence) == []


def test_what_was_stopped_for_want_of_a_permission_makes_way() -> None:
    """Its occasion is free again; a message of any other state still needs somebody who told it."""
    stopped = {"topic": "referral", "state": "suppressed", "reason": "permission-revoked"}
    assert is_stopped(stopped)
    assert not any(is_stopped(stopped | other) for other in ({"topic": "stage"}, {"state": "delivered"}, {"reason": "person-died"}))
