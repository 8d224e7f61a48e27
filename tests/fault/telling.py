"""What contacts may be told: one message an occasion and contact, none without a permission at the time. Pure.

When a handler looked at a permission is not written down anywhere, so both sides are held to what is certain: a permission that was
answered before a fact was said covers it, one whose revocation was answered before a message was made or claimed does not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from tests.fault.evidence import Evidence, Finding, Logged

STAGE = ("journey_opened", "stage_started", "stage_completed", "stage_left", "journey_completed")
REFERRAL = ("opened", "addressed", "answered", "started", "closed")
TOPICS = {
    **dict.fromkeys(STAGE, "stage"),
    **dict.fromkeys((f"referral_{step}" for step in REFERRAL), "referral"),
    **dict.fromkeys(("answer_overdue", "handover_overdue", "place_not_found"), "referral"),
    "return_recorded": "relapse",
    "person_died": "stage",
}
STOPPED = ("no-permission", "permission-revoked")
HANDED_OVER = ("sent", "uncertain", "failed")


@dataclass(frozen=True)
class Term:
    """From when to when a permission surely held; `revoked_at` None: never revoked."""

    topics: tuple[str, ...]
    given_at: float
    revoking_at: float | None
    revoked_at: float | None


SAID = {
    "referral_opened": "opened",
    "referral_addressed": "addressed {to_organisation_id}",
    "referral_answered": "{answer} {organisation_id}",
    "referral_started": "started {organisation_id}",
    "referral_closed": "closed {end}",
    "place_not_found": "no place",
}
"""What a fact says of its referral: told once, though a referral that stands again is told as if it were new."""


def occasion(event: Logged) -> UUID:
    """One stay that meets several definitions of relapse is told once. Source: mission row 002-46."""
    if event.kind == "return_recorded":
        return uuid5(UUID(event.body["journey_id"]), f"relapse {event.body['stage']}/{event.body['spell']}")
    if event.kind in SAID:
        return uuid5(UUID(event.body["referral_id"]), SAID[event.kind].format(**event.body))
    return event.event_id


def corrections(event: Logged) -> list[UUID]:
    """What a corrected stay may be told as: that an earlier message does not hold, or what holds and was not told."""
    kinds = ("corrected", "stage-started", "support", "stage-completed", "stage-left")
    return [uuid5(event.event_id, kind) for kind in kinds]


def taken_back(event: Logged, events: list[Logged]) -> bool:
    """Whether what was told of this referral was taken back later: the message then makes way for what is told anew."""
    about = event.body.get("referral_id")
    later = [other for other in events if about is not None and other.body.get("referral_id") == about and other.seq >= event.seq]
    if any(is_in_error(other) for other in later):
        return True
    return event.kind == "referral_closed" and any(other.kind == "referral_opened" for other in later)


def is_in_error(event: Logged) -> bool:
    return event.kind == "referral_closed" and event.body["end"] == "entered-in-error"


def correcting(evidence: Evidence) -> set[str]:
    """The occasions of what corrections may be told as; an opening corrects only where its referral had been closed."""
    closed, found = set(), set()
    for event in sorted(evidence.outbox, key=lambda event: event.seq):
        is_anew = event.kind == "referral_opened" and event.body["referral_id"] in closed
        if event.kind == "stay_corrected":
            found |= {str(one) for one in corrections(event)}
        elif is_in_error(event) or is_anew:
            found.add(str(uuid5(event.event_id, "corrected")))
        if event.kind == "referral_closed":
            closed.add(event.body["referral_id"])
    return found


def terms(evidence: Evidence) -> dict[str, list[Term]]:
    """Permissions by contact, with the times of the ledger."""
    revocations = {
        e.command.path.split("/")[-2]: e for e in evidence.entries if e.command.name == "revoke" and e.outcome != "refused" and e.attempts
    }
    found: defaultdict[str, list[Term]] = defaultdict(list)
    for entry in evidence.entries:
        if entry.command.name == "permit" and entry.outcome == "ok" and entry.answered_at:
            revocation = revocations.get(entry.id)
            times = (revocation.sent_at, revocation.answered_at) if revocation else (None, None)
            found[entry.command.path.split("/")[2]].append(Term(tuple(entry.command.body["topics"]), entry.answered_at, *times))
    return found


def one_message_per_contact(evidence: Evidence) -> Iterator[Finding]:
    """Who surely might be told has one message, and nobody has two."""
    name = "one-message-per-contact"
    family, given = evidence.held["family"], terms(evidence)
    standing = [row for row in family.rows.get("message", []) if row["corrected_at"] is None or row["topic"] == "stage"]
    rows = [row for row in standing if not is_stopped(row)]
    messages = Counter((str(row["event_id"]), str(row["contact_id"])) for row in rows)
    yield from (Finding(name, "doubled", f"{times} messages for {key}") for key, times in messages.items() if times > 1)
    told: defaultdict[str, list[Logged]] = defaultdict(list)
    for event in evidence.outbox:
        if event.kind in TOPICS:
            told[str(event.stream_id)].append(event)
    dead = {str(event.stream_id) for event in evidence.outbox if event.kind == "person_died"}
    occasions = {str(occasion(event)) for events in told.values() for event in events}
    occasions |= correcting(evidence)
    yield from (Finding(name, "wrong", f"a message for {key[0]}, which nobody told") for key in messages if key[0] not in occasions)
    for contact in family.rows.get("contact", []):
        person_id, contact_id = str(contact["person_id"]), str(contact["contact_id"])
        for event in told[person_id] if person_id not in dead else ():
            is_told = messages[(str(occasion(event)), contact_id)] or taken_back(event, told[person_id])
            if surely_covered(event, given[contact_id]) and not is_told:
                yield Finding(name, "lost", f"contact {contact_id} was not told of {event.kind} {event.event_id}")


def is_stopped(row: Any) -> bool:
    """Whether a message was stopped for want of a permission: nobody was told, and it makes way for what is told anew."""
    return row["topic"] != "stage" and row["state"] == "suppressed" and row["reason"] in STOPPED


def surely_covered(event: Logged, given: list[Term]) -> bool:
    said_at = event.occurred_at.timestamp()
    return any(TOPICS[event.kind] in term.topics and term.given_at < said_at and term.revoking_at is None for term in given)


def permitted_at_claim(evidence: Evidence) -> Iterator[Finding]:
    """No message is made or claimed for a topic nobody permitted, nor after the answer to a revocation."""
    name, given = "permitted-at-claim", terms(evidence)
    for row in evidence.held["family"].rows.get("message", []):
        covering = [term for term in given[str(row["contact_id"])] if row["topic"] in term.topics]
        times = [row["created_at"], *([row["claimed_at"]] if row["claimed_at"] else [])]
        if not covering:
            yield Finding(name, "wrong", f"message {row['message_id']} on {row['topic']}, which was never permitted")
        elif all(term.revoked_at is not None and max(times).timestamp() > term.revoked_at for term in covering):
            yield Finding(name, "wrong", f"message {row['message_id']} was made or claimed after the revocation was answered")


def announced_once(evidence: Evidence) -> Iterator[Finding]:
    """A message that reached an inbox or was suppressed is told of once; a mail leaves at most once a message."""
    name = "one-message-per-contact"
    family = evidence.held["family"]
    spoken = Counter((e.kind, e.body["message_id"]) for e in family.outbox if e.kind in ("message_delivered", "message_suppressed"))
    for row in family.rows.get("message", []):
        kind = {"delivered": "message_delivered", "suppressed": "message_suppressed"}.get(row["state"], "")
        times = spoken.pop((kind, str(row["message_id"])), 0)
        if kind and times != 1:
            yield Finding(
                name, "lost" if not times else "doubled", f"message {row['message_id']}, {row['state']}, was told of {times} times"
            )
    yield from (Finding(name, "wrong", f"{kind} of {message}, which is not so") for kind, message in spoken)
    yield from _mails(name, evidence, family.rows)


def _mails(name: str, evidence: Evidence, rows: dict[str, list[dict[str, Any]]]) -> Iterator[Finding]:
    states: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows.get("message", []):
        states[str(row["contact_id"])][row["state"]] += 1
    left = Counter(mail["to"] for mail in evidence.mails)
    addressed = {row["contact_id"]: row["address"] for row in rows.get("contact_address", []) if row["channel"] == "email"}
    for contact in rows.get("contact", []):
        counted, mails = states[str(contact["contact_id"])], left[addressed.get(contact["contact_id"], "")]
        if mails > sum(counted[state] for state in HANDED_OVER):
            yield Finding(name, "doubled", f"{mails} mails to contact {contact['contact_id']}, whose messages are {dict(counted)}")
        if mails < counted["sent"]:
            yield Finding(name, "lost", f"{mails} mails to contact {contact['contact_id']}, of whose messages {counted['sent']} were sent")
