"""Monitoring's roll-ups, counted again from the owners' events in plain Python. Source: standards section 4, mission rows "Decisions".

Only what the load can bring about: one journey a person on one pathway, no transfer, no stage after the third, nothing imported.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from tests.fault import folding
from tests.fault.evidence import Evidence, Finding, Logged

Unit = tuple[Any, ...]
Row = dict[str, Any]
PATHWAY = "addiction-rehabilitation"
CODES = ("detoxification", "treatment", "medical-rehabilitation", "social-rehabilitation", "resocialization")


@dataclass
class Life:
    """What was told of one person."""

    spells: list[Row] = field(default_factory=list)
    referrals: list[Row] = field(default_factory=list)
    journeys: list[Row] = field(default_factory=list)
    relapses: list[Row] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)
    died_on: date | None = None

    def stays(self, stage: int) -> list[Row]:
        return sorted((spell for spell in self.spells if spell["stage"] == stage), key=lambda spell: int(spell["spell"]))

    def first_start(self, stage: int) -> Row | None:
        started = [spell for spell in self.stays(stage) if spell["started_on"]]
        return min(started, key=lambda spell: (spell["started_on"], spell["spell"]), default=None)


def rollups_equal_recount(evidence: Evidence) -> Iterator[Finding]:
    """The roll-ups are what they were before plus what this row's persons count for, not one more or less."""
    name = "projection-equals-recomputation"
    events = sorted(evidence.fresh, key=lambda event: (event.topic, event.stream_id, event.seq))
    expected = Counter(evidence.rollups_before)
    expected.update(units(events))
    for unit in expected.keys() | evidence.rollups.keys():
        if expected[unit] != evidence.rollups[unit]:
            what = "lost" if evidence.rollups[unit] < expected[unit] else "doubled"
            yield Finding(name, what, f"roll-up {unit}: kept {evidence.rollups[unit]}, recomputed {expected[unit]}")


def units(events: Sequence[Logged]) -> Counter[Unit]:
    counted: Counter[Unit] = Counter()
    for life in lives(events).values():
        for part in (handovers, stages, requests, journeys, interactions):
            counted.update(part(life))
    counted.update(concerns(events))
    counted.update(no_places(events))
    return counted


def lives(events: Sequence[Logged]) -> dict[str, Life]:
    found: defaultdict[str, Life] = defaultdict(Life)
    for key, row in folding.spells(events).items():
        found[row["person_id"]].spells.append({**row, "stage": key[1], "spell": key[2]})
    for key, row in folding.standing_referrals(events).items():
        found[row["person_id"]].referrals.append({**row, "referral_id": key[0]})
    for row in folding.dated_journeys(events).values():
        found[row["person_id"]].journeys.append(row)
    for key, row in folding.relapses(events).items():
        found[row["person_id"]].relapses.append({**row, "definition": key[1]})
    for key, row in folding.skips(events).items():
        found[row["person_id"]].skipped[key[1]] = row["how"]
    for event in folding.of_kind(events, "person_died", "person_death_reversed"):
        found[event.body["person_id"]].died_on = day(event.body["on"]) if "on" in event.body else None
    return found


def handovers(life: Life) -> Iterator[Unit]:
    """Each person once a stage and month, by the first completion."""
    seen: set[tuple[int, str]] = set()
    completed = [spell for spell in life.spells if spell["completed_on"] and spell["stage"] < len(CODES)]
    for spell in sorted(completed, key=lambda spell: (spell["stage"], spell["completed_on"], spell["spell"])):
        month = (spell["stage"], spell["completed_on"][:7])
        if month not in seen:
            seen.add(month)
            yield _handover(life, spell)


def _handover(life: Life, spell: Row) -> Unit:
    ended, to_stage = day(spell["completed_on"]), spell["stage"] + 1
    started = _next_start(life, spell, to_stage)
    how: tuple[str, str, int | None]
    if started is not None:
        how = ("overlapping", "", None) if started < ended else ("started", "", (started - ended).days)
    else:
        how = _not_started(life, ended, to_stage)
    stages = (PATHWAY, code(spell["stage"]), code(to_stage))
    return ("handover", *stages, UUID(spell["organisation_id"]), None, ended, *how, _limit(life, to_stage))


def _limit(life: Life, to_stage: int) -> int | None:
    """The limit told last with a referral for the next stage."""
    told = [r for r in life.referrals if r["stage"] == to_stage and r["ended"] != "entered-in-error" and r["limit_days"] is not None]
    return max(told, key=lambda r: int(r["opened_seq"]))["limit_days"] if told else None


def _next_start(life: Life, spell: Row, to_stage: int) -> date | None:
    """The first start between this stay and the next one, or of a stay that was under way at the completion."""
    again = [stay["started_on"] for stay in life.stays(spell["stage"]) if stay["spell"] > spell["spell"] and stay["started_on"]]
    since, until = (spell["started_on"] if spell["spell"] > 1 else ""), min(again, default="9")
    starts = [
        stay["started_on"]
        for stay in life.stays(to_stage)
        if stay["started_on"]
        and (
            since <= stay["started_on"] < until
            or stay["started_on"] <= spell["completed_on"] <= (stay["completed_on"] or stay["left_on"] or "9")
        )
    ]
    return day(min(starts)) if starts else None


def _not_started(life: Life, ended: date, to_stage: int) -> tuple[str, str, int | None]:
    asked = [r for r in life.referrals if r["stage"] == to_stage and r["ended"] != "entered-in-error"]
    died_after = max((life.died_on - ended).days, 0) if life.died_on else None
    if to_stage in life.skipped:
        return "exempt", life.skipped[to_stage], None
    if any("returned-to-custody" in (r["end_reason"], r["answer_reason"]) for r in asked):
        return "exempt", "incarcerated", None
    if life.died_on:
        return "died", "", died_after
    return "open", "", None


def stages(life: Life) -> Iterator[Unit]:
    """By the first start; relapses of any stay are counted there."""
    for stage in sorted({spell["stage"] for spell in life.spells}):
        first, stays = life.first_start(stage), life.stays(stage)
        if first is None:
            continue
        place = (PATHWAY, code(stage), "", UUID(first["organisation_id"]), None, day(first["started_on"]))
        if any(stay["completed_on"] for stay in stays):
            yield ("stage", *place, "completed", "", None, None)
        elif any(not stay["left_on"] for stay in stays):
            yield ("stage", *place, "open", "", None, None)
        else:
            how = max(stays, key=lambda stay: (stay["started_on"], stay["spell"]))["how"]
            yield ("stage", *place, "left", how, None, None)
        for definition in sorted({r["definition"] for r in life.relapses if r["stage"] == stage and not r["withdrawn"]}):
            yield ("relapse", *place, definition, "", None, None)


def requests(life: Life) -> Iterator[Unit]:
    """By the first referral for a stage that somebody was named in or accepted; those that a relapse opened apart."""
    firsts: dict[tuple[int, bool], tuple[int, Row]] = {}
    for row in life.referrals:
        if row["ended"] == "entered-in-error":
            continue
        since = row["addressed_seq"] or (row["answer_seq"] if row["answer"] == "accepted" else None)
        place = (row["stage"], row["origin"] == "relapse")
        if since is not None and (place not in firsts or since < firsts[place][0]):
            firsts[place] = (since, row)
    for (stage, after_relapse), (_, row) in firsts.items():
        whom, at = row["addressed_to"] or row["answered_by"], row["addressed_at"] or row["answered_at"]
        stays = [s for s in life.stays(stage) if s["organisation_id"] == whom and (s["spell"] > 1 or not after_relapse)]
        outcome = "started" if stays else row["answer"] or ("withdrawn" if row["ended"] else "unanswered")
        reason = (row["answer_reason"] or "not-known") if outcome == "declined" else ""
        figure = "referral-after-relapse" if after_relapse else "referral"
        yield (figure, PATHWAY, code(stage), "", UUID(whom), None, utc(at), outcome, reason, None, None)


def journeys(life: Life) -> Iterator[Unit]:
    last_left = [s["how"] for s in sorted(life.spells, key=lambda s: (s["started_on"], s["stage"], s["spell"]))][-1:]
    is_open = any(not s["completed_on"] and not s["left_on"] for s in life.spells)
    treated = any(s["stage"] == 2 and s["completed_on"] for s in life.spells)
    later = any(s["stage"] > 2 for s in life.spells)
    outcome = "left" if last_left and last_left[0] and not is_open else "open"
    for row in life.journeys:
        place = (PATHWAY, "", "", UUID(row["organisation_id"]), None, day(row["opened_on"]))
        yield ("journey", *place, outcome, ("treated" if later else "treated-not-complete") if treated else "", None, None)
        yield ("journey-order", *place, "first", "", None, None)


def interactions(life: Life) -> Iterator[Unit]:
    for row in life.referrals:
        sent_at = row["addressed_at"] or row["opened_at"]
        if not row["timed"] or row["ended"] == "entered-in-error":
            continue
        if row["answer"]:
            outcome, amount = "in-time" if row["in_time"] else "late", hours(sent_at, row["answered_at"])
        else:
            outcome, amount = "withdrawn" if row["ended"] else "unanswered" if row["overdue"] else "waiting", None
        from_id, to = row["from_organisation_id"], row["answered_by"] or row["addressed_to"]
        kind = "referral" if from_id else "from-person"
        yield ("interaction", PATHWAY, "", "", from_id and UUID(from_id), to and UUID(to), utc(sent_at), outcome, kind, amount, None)


def concerns(events: Sequence[Logged]) -> Iterator[Unit]:
    for row in folding.timed_concerns(events).values():
        if row["raised_at"]:
            amount = hours(row["raised_at"], row["answered_at"]) if row["answered_at"] else None
            outcome = "in-time" if row["answered_at"] else "unanswered" if row["escalated_at"] else "waiting"
            yield ("interaction", "", "", "", None, None, utc(row["raised_at"]), outcome, "concern", amount, None)


def no_places(events: Sequence[Logged]) -> Iterator[Unit]:
    """Each request once, on the first day, while it was told since the request was last entered in error."""
    errors = {key[0]: row["error_seq"] for key, row in folding.referrals(events).items()}
    told: dict[str, list[Logged]] = {}
    for event in folding.of_kind(events, "place_not_found"):
        told.setdefault(event.body["referral_id"], []).append(event)
    for event in (found[0] for referral_id, found in told.items() if found[-1].seq > errors.get(referral_id, 0)):
        region = event.body["region"] or ""
        stage = code(event.body["stage"])
        yield ("no-place", PATHWAY, stage, "", None, None, utc(event.occurred_at), "not-found", region, None, None)


def code(stage: int) -> str:
    return CODES[stage - 1]


def day(text: str) -> date:
    return date.fromisoformat(text)


def utc(at: datetime) -> date:
    return at.astimezone(UTC).date()


def hours(begin: datetime, end: datetime) -> int:
    return max(int((end - begin).total_seconds() // 3600), 0)
