"""The checker: holds what was read against what was promised. Pure, and independent of the product: it reads no rule of a service.

Source: delivery design, sections 1 and 8. What is projected is in folding.py and figures.py, what is told in telling.py.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from uuid import UUID

import orjson

from tests.fault.evidence import LISTENERS, Evidence, Finding, Injected, Kept, Logged, Stream
from tests.fault.figures import rollups_equal_recount
from tests.fault.folding import spells, tables_equal_folds
from tests.fault.ledger import Entry, Place, places_of
from tests.fault.telling import announced_once, one_message_per_contact, permitted_at_claim

__all__ = ["ASSERTIONS", "Finding", "Injected", "check"]

Findings = Iterator[Finding]
# What is made by a command without a fact of its own: the table in family, and the commands that make a row of it.
MADE = {"contact": "contact", "permission": "permit"}
# Facts of a deadline that is due at once, named by the concern they tell of.
FORWARDED = ("concern_raised", "concern_signed")
ANNOUNCED = ("message_delivered", "message_suppressed")


def accepted_once(evidence: Evidence) -> Findings:
    """Each accepted command: one kept answer, the one that was given, and exactly the versions it names, each once."""
    name = "accepted-once"
    kept: defaultdict[str, list[Kept]] = defaultdict(list)
    for held in evidence.held.values():
        for row in held.kept:
            kept[row.key].append(row)
    kinds = {(row.topic, row.stream_id, row.seq): row.kind for row in evidence.outbox}
    named = Counter(place for entry in evidence.entries if entry.outcome == "ok" for place in entry.places)
    yield from (Finding(name, "doubled", f"{place} is named by {times} commands") for place, times in named.items() if times > 1)
    for entry in evidence.entries:
        for what, detail in _of_one(entry, kept[entry.key], kinds):
            yield Finding(name, what, f"{entry.command.name} (n {entry.n}): {detail}")
    yield from _made_once(name, evidence)


def _of_one(entry: Entry, kept: Sequence[Kept], kinds: dict[Place, str]) -> Iterator[tuple[str, str]]:
    if entry.outcome == "ok":
        yield from _answer_kept(entry, kept)
        yield from _versions_told(entry, [kinds.get(place, "") for place in entry.places])
    elif entry.outcome == "refused":
        if kept:
            yield "wrong", f"refused with {entry.status}, but an answer is kept"
        if not entry.command.may_fail:
            yield "doubled", f"refused with {entry.status}, which only an earlier effect of its own explains"
    elif entry.outcome == "unknown":
        yield "lost", f"never became definite; {len(kept)} answers are kept"


def _answer_kept(entry: Entry, kept: Sequence[Kept]) -> Iterator[tuple[str, str]]:
    if len(kept) != 1:
        yield "doubled" if kept else "lost", f"{len(kept)} kept answers"
    elif (kept[0].status, orjson.loads(kept[0].answer)["id"], tuple(places_of(kept[0].events or ""))) != (
        entry.status,
        entry.id,
        entry.places,
    ):
        yield "wrong", "another answer is kept than was given"


def _versions_told(entry: Entry, told: Sequence[str]) -> Iterator[tuple[str, str]]:
    if "" in told:
        yield "lost", f"{told.count('')} of its versions are not in the owner's log"
    elif entry.command.tells is not None and tuple(told) != entry.command.tells:
        yield "wrong", f"it told {told}, not {entry.command.tells}"


def _made_once(name: str, evidence: Evidence) -> Findings:
    """What a command makes without a fact is there once: no more rows than accepted commands."""
    for table, command in MADE.items():
        ids = {str(row[f"{table}_id"]) for row in evidence.held["family"].rows.get(table, [])}
        answered = {entry.id for entry in evidence.entries if entry.command.name == command and entry.outcome == "ok"}
        yield from (Finding(name, "lost", f"{table} {missing} was accepted and is not there") for missing in answered - ids)
        yield from (Finding(name, "doubled", f"{table} {more} is there, which no answer named") for more in ids - answered)


def no_effect_without_command(evidence: Evidence) -> Findings:
    """Every fact was told by an accepted command, caused by another fact once, or due by a deadline that a command set."""
    name = "no-effect-without-command"
    named = {place for entry in evidence.entries if entry.outcome == "ok" for place in entry.places}
    concerns = {entry.id for entry in evidence.entries if entry.command.name == "concern" and entry.outcome == "ok"}
    messages = {str(row["message_id"]) for row in evidence.held["family"].rows.get("message", [])}
    causes = {row.event_id for row in evidence.outbox}
    effects: Counter[tuple[object, ...]] = Counter()
    for row in evidence.fresh:
        if (row.topic, row.stream_id, row.seq) in named:
            continue
        effects[_effect(row)] += 1
        is_due = row.kind in FORWARDED and row.body["concern_id"] in concerns
        is_sent = row.kind in ANNOUNCED and row.body["message_id"] in messages
        if row.causation_id not in causes and not is_due and not is_sent:
            yield Finding(name, "wrong", f"{row.service} {row.kind} {row.stream_id}/{row.seq} comes from nothing")
    yield from (Finding(name, "doubled", f"{times} times {effect}") for effect, times in effects.items() if times > 1)


def _effect(row: Logged) -> tuple[object, ...]:
    """What one cause brings about once. A referral that opens has a new id each time, so its stage tells which it is."""
    what = "stage" if row.kind == "referral_opened" else "referral_id"
    return (
        row.service,
        row.kind,
        row.causation_id,
        row.stream_id,
        row.body.get(what),
        row.body.get("message_id"),
        row.body.get("concern_id"),
    )


def stream_contiguous(evidence: Evidence) -> Findings:
    """Per stream 1, 2, 3 ... and the counter says the last one."""
    for service, held in evidence.held.items():
        seqs: defaultdict[Stream, list[int]] = defaultdict(list)
        for row in held.outbox:
            seqs[row.stream].append(row.seq)
        for stream in seqs.keys() | held.counters.keys():
            found, last = sorted(seqs[stream]), held.counters.get(stream, 0)
            if found != list(range(1, last + 1)):
                yield Finding("stream-contiguous", "lost", f"{service} {stream}: {found} with the counter at {last}")


def effect_once_per_listener(evidence: Evidence) -> Findings:
    """Every listener's inbox stands at the owner's last number, and holds no stream that no owner has."""
    name = "effect-once-per-listener"
    owners = {stream: last for held in evidence.held.values() for stream, last in held.counters.items()}
    for (topic, stream_id), last in owners.items():
        for listener in LISTENERS[topic]:
            heard = evidence.held[listener].inbox.get((topic, stream_id))
            if heard is None or heard.last_seq != last or heard.blocked or heard.waiting:
                what = "doubled" if heard is not None and heard.last_seq > last else "lost"
                yield Finding(name, what, f"{listener} stands at {heard} of {last} on {topic}/{stream_id}")
    for listener, held in evidence.held.items():
        for stream in held.inbox.keys() - owners.keys() - evidence.injected.streams:
            yield Finding(name, "wrong", f"{listener} heard {stream}, which nobody told")
    yield from _next_stage_opened_once(name, evidence)


def _next_stage_opened_once(name: str, evidence: Evidence) -> Findings:
    """A completed stage opens one referral for the next, unless one was asked for before or the person died meanwhile."""
    opened = _opened(evidence)
    dead = {row.stream_id for row in evidence.outbox if row.kind == "person_died"}
    stays = spells(sorted(evidence.outbox, key=lambda row: row.seq))
    for person_id, stage in {(UUID(row["person_id"]), key[1] + 1) for key, row in stays.items() if row["completed_on"]}:
        by_completion, asked = opened[(person_id, stage, "completion")], opened[(person_id, stage, "organisation")]
        if by_completion > 1:
            yield Finding(name, "doubled", f"{by_completion} referrals opened for stage {stage} of {person_id}")
        if by_completion + asked == 0 and person_id not in dead and stage <= 5:
            yield Finding(name, "lost", f"no referral opened for stage {stage} of {person_id}")


def _opened(evidence: Evidence) -> Counter[tuple[UUID, int, str]]:
    """Referrals opened, by person, stage and origin. One entered in error never was; only a correction opens one a second time."""
    found: Counter[tuple[UUID, int, str]] = Counter()
    corrected = {row.stream_id for row in evidence.outbox if row.kind == "stay_corrected"}
    newest: dict[str, Logged] = {}
    origins: dict[str, str] = {}
    for row in sorted(evidence.held["referral"].outbox, key=lambda row: row.seq):
        if row.kind not in ("referral_opened", "referral_closed"):
            continue
        referral_id = row.body["referral_id"]
        if row.kind == "referral_opened":
            found[(row.stream_id, row.body["stage"], row.body["origin"])] += referral_id in newest and row.stream_id not in corrected
            origins[referral_id] = row.body["origin"]
        newest[referral_id] = row
    for referral_id, row in newest.items():
        found[(row.stream_id, row.body["stage"], origins[referral_id])] += row.body.get("end") != "entered-in-error"
    return found


def log_complete(evidence: Evidence) -> Findings:
    """Every version is on its topic at its place."""
    on_log = set(evidence.log)
    for told in evidence.to_be_on_log:
        if told not in on_log:
            yield Finding("log-complete", "lost", f"{told.topic}/{told.stream_id}/{told.seq} ({told.event_id}) is not on the log")


def effect_in_order(evidence: Evidence) -> Findings:
    """Reading the log on brings each stream's facts in order, whatever is repeated; listeners' own facts follow their causes' order."""
    name = "effect-in-order"
    on_log: defaultdict[Stream, list[int]] = defaultdict(list)
    for record in evidence.log:
        on_log[(record.topic, record.stream_id)].append(record.seq)
    for held in evidence.held.values():
        for stream, last in held.counters.items():
            reached = _reached(on_log[stream])
            if reached < last and set(on_log[stream]) >= set(range(1, last + 1)):
                yield Finding(name, "disordered", f"the log brings {stream} in order to {reached} of {last} only")
    causes = {row.event_id: row for row in evidence.outbox}
    highest: dict[tuple[str, Stream], int] = {}
    for row in sorted(evidence.fresh, key=lambda row: (row.service, row.id)):
        cause = causes.get(row.causation_id) if row.causation_id else None
        if cause is not None:
            key = (row.service, cause.stream)
            if cause.seq < highest.get(key, 0):
                yield Finding(name, "disordered", f"{row.service} acted on {cause.stream}/{cause.seq} after {highest[key]}")
            highest[key] = max(cause.seq, highest.get(key, 0))


def _reached(seqs: Sequence[int]) -> int:
    reached = 0
    for seq in seqs:
        reached += seq == reached + 1
    return reached


def parked_only_injected(evidence: Evidence) -> Findings:
    """Nothing is set aside but what the row put in itself; no topic is halted."""
    for aside in evidence.aside:
        if aside.what == "quarantine":
            topic, _, partition = aside.topic.rpartition("/")
            is_injected = (topic, int(partition), aside.place) in evidence.injected.records
        else:
            is_injected = aside.stream_id is not None and (aside.topic, aside.stream_id) in evidence.injected.streams
        if not is_injected:
            what = f"{aside.service} {aside.what} {aside.topic}/{aside.stream_id}/{aside.place}"
            yield Finding("parked-only-injected", "wrong", f"{what}: {aside.reason}")


def never_500(evidence: Evidence) -> Findings:
    """A server that cannot answer says so with 503 and when to come again."""
    return (Finding("never-500", "wrong", alarm) for alarm in evidence.alarms)


ASSERTIONS: tuple[Callable[[Evidence], Iterable[Finding]], ...] = (
    accepted_once,
    no_effect_without_command,
    stream_contiguous,
    log_complete,
    effect_once_per_listener,
    effect_in_order,
    tables_equal_folds,
    rollups_equal_recount,
    one_message_per_contact,
    announced_once,
    permitted_at_claim,
    parked_only_injected,
    never_500,
)


def check(evidence: Evidence) -> list[Finding]:
    """All findings of all assertions."""
    return [finding for assertion in ASSERTIONS for finding in assertion(evidence)]
