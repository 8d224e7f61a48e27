"""What the listeners' tables must hold: the owners' events folded in plain Python. Knows no rule of a service but what its events say."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from tests.fault.evidence import Evidence, Finding, Logged

Key = tuple[Any, ...]
Folded = dict[Key, dict[str, Any]]
Fold = Callable[[Sequence[Logged]], Folded]

CONCERN_STATES = ("raised", "read", "escalated", "answered")
SPELL = ("journey_id", "stage", "spell")


def of_kind(events: Sequence[Logged], *kinds: str) -> Iterator[Logged]:
    return (event for event in events if event.kind in kinds)


def keyed(body: Mapping[str, Any], *names: str) -> Key:
    return tuple(body[name] for name in names)


def picked(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: body[name] for name in names}


def persons(events: Sequence[Logged]) -> Folded:
    """In programme and family."""
    folded: Folded = {}
    for event in of_kind(events, "person_registered", "person_died", "person_death_reversed"):
        row = folded.setdefault(keyed(event.body, "person_id"), {"region": None, "life_period": None, "died_on": None})
        registers = event.kind == "person_registered"
        row |= picked(event.body, "region", "life_period") if registers else {"died_on": event.body.get("on")}
    return folded


def organisations(events: Sequence[Logged]) -> Folded:
    return {
        keyed(event.body, "organisation_id"): picked(event.body, "level", "kind", "region")
        for event in of_kind(events, "organisation_changed")
    }


def entries(events: Sequence[Logged]) -> Folded:
    """Organisations in monitoring: the newest entry."""
    return {
        keyed(event.body, "organisation_id"): {"seq": event.seq, **picked(event.body, "level", "region")}
        for event in of_kind(events, "organisation_changed")
    }


def consents(events: Sequence[Logged]) -> Folded:
    folded: Folded = {}
    for event in of_kind(events, "consent_given", "consent_revoked"):
        row = folded.setdefault(keyed(event.body, "consent_id"), {"revoked": False})
        if event.kind == "consent_given":
            row |= {**picked(event.body, "person_id", "scope", "until"), "to_organisation_id": event.body["to"]}
        else:
            row["revoked"] = True
    return folded


def concerns_of_holders(events: Sequence[Logged]) -> Folded:
    """In referral: a later state never goes back, an escalated one is severe."""
    folded: Folded = {}
    for event in of_kind(events, *(f"concern_{state}" for state in CONCERN_STATES)):
        row = folded.setdefault(keyed(event.body, "concern_id"), {"severity": None, "state": "raised"})
        state = event.kind.removeprefix("concern_")
        row["state"] = max(row["state"], state, key=CONCERN_STATES.index)
        row["severity"] = "severe" if state == "escalated" else event.body.get("severity", row["severity"])
    return folded


def open_concerns(events: Sequence[Logged]) -> Folded:
    """In programme. An answer may be all that is told: a concern about somebody who died meanwhile is not forwarded."""
    folded: Folded = {}
    for event in of_kind(events, "concern_raised", "concern_answered"):
        row = folded.setdefault(keyed(event.body, "concern_id"), {"severity": None, "answered": False})
        row |= picked(event.body, "person_id")
        row |= {"answered": True} if event.kind == "concern_answered" else picked(event.body, "severity")
    return folded


def timed_concerns(events: Sequence[Logged]) -> Folded:
    """In monitoring."""
    folded: Folded = {}
    for event in of_kind(events, "concern_raised", "concern_answered", "concern_escalated", "concern_signed"):
        blank = {"raised_at": None, "answered_at": None, "escalated_at": None, "signs": None}
        row = folded.setdefault(keyed(event.body, "concern_id"), blank)
        if event.kind == "concern_signed":
            row["signs"] = len(event.body["signs"])
        else:
            row[f"{event.kind.removeprefix('concern_')}_at"] = event.occurred_at
    return folded


def instructions(events: Sequence[Logged]) -> Folded:
    closed = {event.body["instruction_id"] for event in of_kind(events, "instruction_closed")}
    return {
        keyed(event.body, "instruction_id"): {
            **picked(event.body, "regions", "due_on"),
            "is_closed": event.body["instruction_id"] in closed,
        }
        for event in of_kind(events, "instruction_issued")
    }


def relations(events: Sequence[Logged]) -> Folded:
    """In family: which organisation has to do with a person, why, and what ended it. No walk assigns a liaison.

    Who holds a journey is made of its opening and of its stays as they were told last.
    """
    folded: Folded = {}
    for event in of_kind(events, "person_registered"):
        if event.body.get("organisation_id"):
            key = (event.body["person_id"], event.body["organisation_id"], "registered", event.body["person_id"])
            folded[key] = {"since": [], "ended_by": None}
    for body, since in _told_of_stays(events).values():
        key = (body["person_id"], body["organisation_id"], "holder", body["journey_id"])
        row = folded.setdefault(key, {"since": since, "ended_by": None})
        row["since"] = max(row["since"], since)
    lasts: dict[str, list[int]] = {}
    for (_, _, _, source_id), row in folded.items():
        lasts[source_id] = max(lasts.get(source_id, []), row["since"])
    for (_, _, _, source_id), row in folded.items():
        row["ended_by"] = lasts[source_id] if lasts[source_id] != row["since"] else None
    return folded | acceptances(events)


def _told_of_stays(events: Sequence[Logged]) -> dict[Key, tuple[Mapping[str, Any], list[int]]]:
    """The newest word of each stay's start, and of each journey's opening, with its rank among those that hold."""
    newest: dict[Key, tuple[Mapping[str, Any], list[int]]] = {}
    for event in of_kind(events, "journey_opened", "stage_started", "stay_corrected"):
        body = event.body
        if event.kind == "journey_opened":
            newest[(body["journey_id"],)] = (body, [0, date.fromisoformat(body["opened_on"]).toordinal()])
        else:
            rank = [date.fromisoformat(body["started_on"]).toordinal(), body["stage"], body["spell"]]
            newest[keyed(body, *SPELL)] = (body, rank)
    return newest


def acceptances(events: Sequence[Logged]) -> Folded:
    """An acceptance ends with what the referral became afterwards; a start, or being addressed to who had accepted it, ends nothing."""
    folded: Folded = {}
    accepted: dict[str, dict[str, dict[str, Any]]] = {}
    for event in of_kind(events, "referral_answered", "referral_addressed", "referral_closed"):
        body = event.body
        if body.get("answer") == "accepted":
            key = (body["person_id"], body["organisation_id"], "accepted", body["referral_id"])
            folded[key] = {"since": [event.seq], "ended_by": None, **picked(body, "journey_id", "stage")}
            accepted.setdefault(body["referral_id"], {})[body["organisation_id"]] = folded[key]
            continue
        for organisation_id, row in accepted.get(body["referral_id"], {}).items():
            if organisation_id != body.get("to_organisation_id"):
                row["ended_by"] = [event.seq]
    return folded


def confirmed_organisations(events: Sequence[Logged]) -> Folded:
    """In family: the newest entry."""
    return {
        keyed(event.body, "organisation_id"): {
            "seq": event.seq,
            "region": event.body["region"],
            "is_confirmed": event.body.get("confirmed", True),
        }
        for event in of_kind(events, "organisation_changed")
    }


def opened_journeys(events: Sequence[Logged]) -> Folded:
    names = ("person_id", "organisation_id", "imported")
    return {keyed(event.body, "journey_id"): picked(event.body, *names) for event in of_kind(events, "journey_opened")}


def dated_journeys(events: Sequence[Logged]) -> Folded:
    """In monitoring."""
    opened = {event.body["journey_id"]: event.body["opened_on"] for event in of_kind(events, "journey_opened")}
    return {key: {**row, "opened_on": opened[key[0]], "completed_on": None} for key, row in opened_journeys(events).items()}


def spells(events: Sequence[Logged]) -> Folded:
    """In monitoring: each end by its own date, and what was corrected as it stands now."""
    folded: Folded = {}
    for event in of_kind(events, "stage_started", "stage_completed", "stage_left", "stay_corrected"):
        row = folded.setdefault(keyed(event.body, *SPELL), dict(BLANK_SPELL))
        row |= picked(event.body, "person_id", "organisation_id")
        if event.kind == "stay_corrected":
            row |= _stands(event.body)
            continue
        date_of = f"{event.kind.removeprefix('stage_')}_on"
        row[date_of] = event.body[date_of]
        if event.kind == "stage_left":
            row["how"] = event.body["how"]
    return folded


BLANK_SPELL = {"started_on": None, "completed_on": None, "left_on": None, "how": None}


def _stands(body: Mapping[str, Any]) -> dict[str, Any]:
    """A stay as its correction tells it; no walk takes back a start."""
    completed = body["how"] == "completed"
    ended = {"completed_on": body["ended_on"]} if completed else {"left_on": body["ended_on"], "how": body["how"]}
    return BLANK_SPELL | {"started_on": body["started_on"]} | ended


def ended_spells(events: Sequence[Logged]) -> Folded:
    """In referral: how a spell ended, in one word."""
    return {
        key: {
            **picked(row, "person_id", "organisation_id", "started_on"),
            "ended": "completed" if row["completed_on"] else row["how"],
        }
        for key, row in spells(events).items()
    }


def skips(events: Sequence[Logged]) -> Folded:
    return {keyed(event.body, "journey_id", "stage"): picked(event.body, "person_id", "how") for event in of_kind(events, "stage_skipped")}


def relapses(events: Sequence[Logged]) -> Folded:
    """In monitoring: the newest assessment."""
    names = ("person_id", "journey_id", "stage", "known_on", "withdrawn")
    return {
        keyed(event.body, "relapse_id", "definition"): {**picked(event.body, *names), "seq": event.seq}
        for event in of_kind(events, "return_assessed")
    }


def referrals(events: Sequence[Logged]) -> Folded:
    """In monitoring: opened, first addressed, last answered, ended."""
    folded: Folded = {}
    for event in of_kind(events, *REFERRAL_STEPS):
        row = folded.setdefault(keyed(event.body, "referral_id"), dict(BLANK_REFERRAL))
        row |= picked(event.body, "person_id", "stage")
        REFERRAL_STEPS[event.kind](row, event)
    return folded


def standing_referrals(events: Sequence[Logged]) -> Folded:
    """As figures count them: since it was told again nothing of its end holds; after an error nothing that was told before."""
    return {key: _since_told_again(row) for key, row in referrals(events).items()}


def _since_told_again(row: dict[str, Any]) -> dict[str, Any]:
    opened, found = row["opened_seq"] or 0, dict(row)
    if not row["is_told_again"]:
        return found
    if row["end_seq"] < opened:
        found |= {"ended": None, "end_reason": None}
    if not 0 < row["error_seq"] < opened:
        return found
    if (row["answer_seq"] or 0) < opened:
        found |= dict.fromkeys(("answer_seq", "answer", "answered_by", "answer_reason", "in_time", "answered_at"))
    is_later = (row["last_addressed_seq"] or 0) > opened
    if row["opened_to"]:
        first_at = row["opened_at"] if row["addressed_seq"] == opened else row["addressed_at"]
        return found | {"addressed_to": row["opened_to"], "addressed_at": first_at}
    return found | {name: row[f"last_{name}"] if is_later else None for name in ("addressed_to", "addressed_seq", "addressed_at")}


def _opened(row: dict[str, Any], event: Logged) -> None:
    """Told again where something of it was undone: as it is told now, since when it was first opened."""
    body = event.body
    row["is_told_again"] = row["opened_seq"] is not None
    row |= picked(body, "from_organisation_id", "origin", "limit_days", "stage_code")
    row |= {"journey_id": body["journey_id"] or row["journey_id"], "opened_at": row["opened_at"] or event.occurred_at}
    row |= {"opened_seq": event.seq, "opened_to": body["to_organisation_id"], "timed": row["timed"] or body["due_on"] is not None}
    if body["to_organisation_id"]:
        _addressed(row, event)


def _addressed(row: dict[str, Any], event: Logged) -> None:
    to = event.body["to_organisation_id"]
    if row["addressed_seq"] is None:
        row |= {"addressed_seq": event.seq, "addressed_to": to, "addressed_at": event.occurred_at}
    row |= {"last_addressed_seq": event.seq, "last_addressed_to": to, "last_addressed_at": event.occurred_at}
    row["timed"] = row["timed"] or event.body["due_on"] is not None


def _answered(row: dict[str, Any], event: Logged) -> None:
    is_again = (row["answered_by"], row["answer"]) == (event.body["organisation_id"], event.body["answer"])
    row |= {**picked(event.body, "answer", "in_time"), "answer_seq": event.seq, "answered_by": event.body["organisation_id"]}
    row |= {"answer_reason": event.body["reason"], "answered_at": row["answered_at"] if is_again else event.occurred_at}


def _closed(row: dict[str, Any], event: Logged) -> None:
    row |= {"ended": event.body["end"], "end_reason": event.body["reason"], "end_seq": event.seq}
    if event.body["end"] == "entered-in-error":
        row["error_seq"] = event.seq


def _overdue(row: dict[str, Any], event: Logged) -> None:
    row["overdue"] = True


BLANK_REFERRAL: dict[str, Any] = {
    **dict.fromkeys(("journey_id", "from_organisation_id", "origin", "opened_at", "addressed_seq", "addressed_to", "addressed_at")),
    **dict.fromkeys(("last_addressed_seq", "answer_seq", "answer", "answered_by", "answer_reason", "in_time", "answered_at")),
    **dict.fromkeys(("ended", "end_reason", "limit_days", "stage_code", "opened_seq", "opened_to")),
    **dict.fromkeys(("last_addressed_to", "last_addressed_at")),
    "end_seq": 0,
    "error_seq": 0,
    "is_told_again": False,
    "timed": False,
    "overdue": False,
}
REFERRAL_STEPS: dict[str, Callable[[dict[str, Any], Logged], None]] = {
    "referral_opened": _opened,
    "referral_addressed": _addressed,
    "referral_answered": _answered,
    "referral_closed": _closed,
    "answer_overdue": _overdue,
}


def places_not_found(events: Sequence[Logged]) -> Folded:
    names = ("person_id", "stage", "region")
    return {keyed(event.body, "referral_id"): picked(event.body, *names) for event in of_kind(events, "place_not_found")}


# (service, table) -> its key and the fold that it must equal.
PROJECTIONS: dict[tuple[str, str], tuple[tuple[str, ...], Fold]] = {
    ("referral", "journey"): (("journey_id",), opened_journeys),
    ("referral", "spell"): (SPELL, ended_spells),
    ("referral", "concern"): (("concern_id",), concerns_of_holders),
    ("referral", "instruction"): (("instruction_id",), instructions),
    ("programme", "person"): (("person_id",), persons),
    ("programme", "consent"): (("consent_id",), consents),
    ("programme", "concern"): (("concern_id",), open_concerns),
    ("programme", "organisation"): (("organisation_id",), organisations),
    ("family", "person"): (("person_id",), persons),
    ("family", "organisation"): (("organisation_id",), confirmed_organisations),
    ("family", "person_organisation"): (("person_id", "organisation_id", "how", "source_id"), relations),
    ("monitoring", "organisation"): (("organisation_id",), entries),
    ("monitoring", "journey"): (("journey_id",), dated_journeys),
    ("monitoring", "spell"): (SPELL, spells),
    ("monitoring", "skip"): (("journey_id", "stage"), skips),
    ("monitoring", "relapse"): (("relapse_id", "definition"), relapses),
    ("monitoring", "concern"): (("concern_id",), timed_concerns),
    ("monitoring", "referral"): (("referral_id",), referrals),
    ("monitoring", "place_not_found"): (("referral_id",), places_not_found),
}


def tables_equal_folds(evidence: Evidence) -> Iterator[Finding]:
    """Every listener's copy equals the fold of what the owners told, row for row."""
    name = "projection-equals-recomputation"
    events = sorted(evidence.outbox, key=lambda event: (event.topic, event.stream_id, event.seq))
    for (service, table), (key, fold) in PROJECTIONS.items():
        expected = fold(events)
        found = {tuple(plain(row[column]) for column in key): row for row in evidence.held[service].rows.get(table, [])}
        for missing in expected.keys() - found.keys():
            yield Finding(name, "lost", f"{service}.{table} {missing} is missing")
        for stranger in found.keys() - expected.keys():
            yield Finding(name, "wrong", f"{service}.{table} {stranger} comes from no event")
        for both in expected.keys() & found.keys():
            differ = {c: (plain(found[both][c]), v) for c, v in expected[both].items() if plain(found[both][c]) != v}
            if differ:
                yield Finding(name, "wrong", f"{service}.{table} {both}: (kept, folded) {differ}")


def plain(value: Any) -> Any:
    """As it stands in an event's body."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return value
