"""The steps carried out on programme's pure rules, and what others are told folded into what they keep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any
from uuid import UUID, uuid4

from services.programme.completion.domain import complete_journey
from services.programme.correction import domain as stays
from services.programme.correction import whole
from services.programme.correction.domain import By
from services.programme.functioning.domain import Functioning
from services.programme.journey.domain import Journey, holder
from services.programme.pathway.domain import Pathway
from services.programme.relapse import basis
from services.programme.relapse import domain as relapses
from services.programme.relapse.amending import Amended, amend
from services.programme.relapse.domain import Outcome, Relapse, Report
from services.programme.relapse.finding import Decision, refute
from services.programme.relapse.undoing import Undoing
from services.programme.stage.domain import Ended, complete_stage, correct_stage, leave_stage, skip_stage, start_stage
from shared.errors import Refused
from shared.events import Event
from shared.events.programme import (
    CompletionCorrected,
    JourneyCompleted,
    RelapseAssessed,
    RelapseRecorded,
    RelapseWithdrawn,
    SkipWithdrawn,
    StageCompleted,
    StageLeft,
    StageSkipped,
    StageStarted,
    StayCorrected,
)
from tests.builders_programme import CENTRE, NGO, TODAY, a_start, an_opened_journey, another_pathway, day
from tests.corrections.steps import CORRECTABLE, ENDS, Sequence, Step, drawn, said_rightly

PATHWAY = another_pathway("preparation", "work", "home", completes_the_journey=True)
HOW = {"complete": "completed", "leave": "dropped-out", "transfer": "transferred"}


@dataclass
class World:
    """A journey, the relapses kept of it, and what was told."""

    pathway: Pathway = PATHWAY
    journey: Journey = field(default_factory=lambda: an_opened_journey(pathway=PATHWAY))
    kept: dict[UUID, Relapse] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    reports: dict[Step, UUID] = field(default_factory=dict)

    def do(self, step: Step) -> bool:
        """Whether the rules let it happen."""
        try:
            getattr(self, f"_{step.act}")(step)
        except Refused:
            return False
        return True

    def would(self, step: Step) -> bool:
        """Whether the rules would let it happen; nothing does."""
        return World(self.pathway, self.journey, dict(self.kept)).do(step)

    def _keep(self, journey: Journey, events: Any, changed: Any = ()) -> None:
        self.journey = journey
        self.told += events
        self.kept |= {one.relapse_id: one for one in changed}

    def _start(self, step: Step) -> None:
        rule = self.pathway.rule(step.stage)
        assert rule
        self._keep(*start_stage(self.journey, rule, a_start(day(step.day), at=NGO), TODAY))

    def _complete(self, step: Step) -> None:
        self._keep(*complete_stage(self.journey, step.stage, ended(step), TODAY))

    def _leave(self, step: Step) -> None:
        self._keep(*leave_stage(self.journey, step.stage, ended(step), TODAY))

    _transfer = _leave

    def _skip(self, step: Step) -> None:
        self._keep(*skip_stage(self.journey, step.stage, "not-needed", "not-eligible"))

    def _reopen(self, step: Step) -> None:
        self._keep(correct_stage(self.journey, step.stage, "returned"), [])

    def _relapse(self, step: Step) -> None:
        rule = self.pathway.rule(step.stage)
        assert rule
        spell = self.journey.spell(step.stage)
        earlier = [
            one for one in self.kept.values() if spell and (one.stage, one.spell) == (step.stage, spell.number) and not one.withdrawn
        ]
        outcome = relapses.report(self.journey, rule, Report(uuid4(), day(step.day), None, earlier), TODAY)
        if outcome.relapses[0] in earlier:
            raise Refused("reported-before")
        self.reports[step] = outcome.relapses[0].relapse_id
        self._keep(outcome.journey, outcome.events, outcome.relapses)

    def _refute(self, step: Step) -> None:
        """The last report of the stage that stands."""
        standing = [one for one in self.kept.values() if one.stage == step.stage and not one.withdrawn]
        if not standing:
            raise Refused("no-report")
        self.take_out(max(standing, key=lambda one: (one.spell, one.known_on)))

    def take_out(self, relapse: Relapse) -> None:
        """The report was none."""
        self.keep(refute(self.journey, relapse, Decision(NGO, reason="mistyped"), self.undoing()))

    def keep(self, outcome: Outcome) -> None:
        self._keep(outcome.journey, outcome.events, outcome.relapses)

    def undoing(self) -> Undoing:
        return Undoing(list(self.kept.values()), (), {rule.stage: rule.reopens for rule in self.pathway.stages})

    def _finish(self, step: Step) -> None:
        self._keep(*complete_journey(self.journey, self.pathway, Functioning(), day(step.day), TODAY))

    def correct(self, sequence: Sequence) -> None:
        """As `correction/service.py` does it. Raises Refused."""
        mistake, right = sequence.mistake, sequence.right
        by = By(NGO, date(2026, 12, 31), "mistyped")
        if mistake.act in HOW and right is not None:
            journey, _, events = stays.amend_end(self.journey, (mistake.stage, None), ended(right), by, TODAY)
            self._keep(journey, events)
        elif mistake.act in HOW:
            journey, spell, events = stays.withdraw_end(self.journey, (mistake.stage, None), by, None)
            self._keep(journey, events, basis.not_reopened(list(self.kept.values()), spell))
        elif mistake.act == "start":
            self._correct_start(mistake, right, by)
        elif mistake.act == "relapse":
            self._correct_report(self.kept[self.reports[mistake]], right)
        elif mistake.act == "skip":
            self._keep(*whole.withdraw_skip(self.journey, mistake.stage, by))
        elif mistake.act == "reopen":
            self._keep(
                whole.withdraw_reopening(self.journey, mistake.stage, by, basis.is_wanted(self.journey, mistake.stage, self.undoing())), []
            )
        else:
            self._correct_finish(mistake, right, by)

    def _correct_report(self, relapse: Relapse, right: Step | None) -> None:
        rule = self.pathway.rule(relapse.stage)
        assert rule
        if right is None:
            self.take_out(relapse)
            return
        outcome = amend(self.journey, relapse, Amended(day(right.day), rule, Decision(NGO, reason="mistyped")), self.undoing(), TODAY)
        self._keep(outcome.journey, outcome.events, outcome.relapses)

    def _correct_start(self, mistake: Step, right: Step | None, by: By) -> None:
        rule = self.pathway.rule(mistake.stage)
        assert rule
        if right is not None:
            of_stage = [one for one in self.kept.values() if one.stage == mistake.stage and not one.withdrawn]
            journey, amended, events = stays.amend_start(self.journey, rule, None, a_start(day(right.day), at=NGO), by, TODAY)
            if any(one.spell == amended.number and one.known_on < amended.started_on for one in of_stage):
                raise Refused("correction-not-possible", ("on-or-before-reported-use",))
            self._keep(journey, events)
            return
        spell = stays.start_to_withdraw(self.journey, (mistake.stage, None), by, None)
        kept = self.undoing()
        outcome, others = basis.gone(self.journey, [spell], kept)
        for one in outcome.relapses:
            del self.kept[one.relapse_id]
        self._keep(outcome.journey, outcome.events, others)
        self._keep(*stays.without_start(self.journey, spell, by, {}))
        self._keep(self.journey, [], basis.wanted_before(list(self.kept.values()), spell))
        outcome = basis.wanted_no_more(self.journey, mistake.stage, self.undoing())
        self._keep(outcome.journey, outcome.events, outcome.relapses)
        outcome = basis.reported_before(self.journey, rule, spell, kept, TODAY)
        self._keep(outcome.journey, outcome.events, outcome.relapses)

    def _correct_finish(self, mistake: Step, right: Step | None, by: By) -> None:
        if right is not None:
            self._keep(*whole.amend_completion(self.journey, self.pathway.completing.stage, day(right.day), by, TODAY))
            return
        journey, events = whole.withdraw_completion(self.journey, day(mistake.day), by)
        self._keep(journey, events, basis.not_completed(list(self.kept.values())))

    def stands(self) -> dict[str, Any]:
        """All that must be equal: the journey and its relapses, without histories and ids."""
        journey = self.journey.model_dump(exclude={"journey_id", "person_id", "corrections", "claims"})
        for spell in journey["spells"]:
            spell["relapses"] = len(spell["relapses"])
        for state in journey["stages"]:  # why a stage was reopened once is history
            state["reason"] = state["reason"] if state["status"] == "not-needed" else None
        ids = {"relapse_id", "reason", "reopened_from", "reopened_journey"}
        kept = [one.model_dump(exclude=ids) for one in self.kept.values() if not one.withdrawn]
        return {"journey": journey, "holder": holder(self.journey), "relapses": sorted(kept, key=repr)}


@dataclass
class Case:
    """A sequence that the rules let happen with its mistake and without it, and both journeys before the correction."""

    sequence: Sequence
    wrong: World
    right: World


TRIES = 40


def a_case(seed: int) -> Case | None:
    """The same for the same seed; None where the drawn mistake cannot be made, or its right fact or what followed not without it."""
    random = Random(seed)
    wrong, right = World(), World()
    before = _steps(random, random.randint(0, 8), 0, wrong, right)
    day = before[-1].day if before else 0
    mistake = next((step for step in (drawn(random, day) for _ in range(TRIES)) if step.act in CORRECTABLE and wrong.do(step)), None)
    if mistake is None:
        return None
    entered = said_rightly(random, mistake)
    if entered is not None and not right.do(entered):
        return None
    after = _steps(random, random.choice((0, 0, 1, 2, 4)), max(mistake.day, entered.day if entered else 0), wrong, right)
    if any(_hides(mistake, step) or (entered and _hides(entered, step)) for step in after):
        return None
    return Case(Sequence(before, mistake, entered, after), wrong, right)


def _hides(mistake: Step, later: Step) -> bool:
    """Whether a correction of the last fact of its kind would be of another one than the mistake."""
    if mistake.act == "finish":
        return later.act == "finish"
    if mistake.act == "relapse":
        return later.stage == mistake.stage and (later.act == "refute" or (later.act == "relapse" and later.day == mistake.day))
    return later.stage == mistake.stage and later.act in ("start", "reopen", *(() if mistake.act == "start" else ENDS))


def _steps(random: Random, count: int, day: int, wrong: World, right: World) -> tuple[Step, ...]:
    """Steps that happen in both worlds, at most so many; one that only one of them takes is drawn no further."""
    taken: list[Step] = []
    for _ in range(count):
        for step in (drawn(random, taken[-1].day if taken else day) for _ in range(TRIES)):
            if wrong.would(step) and right.would(step):
                wrong.do(step)
                right.do(step)
                taken.append(step)
                break
    return tuple(taken)


def ended(step: Step) -> Ended:
    how: Any = HOW[step.act]
    return Ended(day(step.day), how, NGO, None, None, CENTRE if how == "transferred" else None)


def heard(told: list[Event]) -> dict[Any, Any]:
    """What a listener keeps that does nothing but listen: stays, skips, completions, the stays of which a relapse is told and stands."""
    kept: dict[Any, Any] = {}
    for event in told:
        HEARS[type(event)](kept, event)
    return {key: bool(value) if key[0] == "assessed" else value for key, value in kept.items() if value}


def _started(kept: dict[Any, Any], event: StageStarted) -> None:
    kept["stay", event.stage, event.spell] = (event.organisation_id, event.started_on, None, None, None)


def _ended(kept: dict[Any, Any], event: StageCompleted | StageLeft) -> None:
    how, on = ("completed", event.completed_on) if isinstance(event, StageCompleted) else (event.how, event.left_on)
    key = ("stay", event.stage, event.spell)
    kept[key] = (*kept[key][:2], how, on, event.next_organisation_id)


def _corrected(kept: dict[Any, Any], event: StayCorrected) -> None:
    now = (event.organisation_id, event.started_on, event.how, event.ended_on, event.next_organisation_id)
    kept["stay", event.stage, event.spell] = now if event.started_on else None


def _completed(kept: dict[Any, Any], event: JourneyCompleted | CompletionCorrected) -> None:
    kept["completed",] = event.completed_on


def _assessed(kept: dict[Any, Any], event: RelapseAssessed) -> None:
    """What counts is whether a stay meets a definition, by however many uses."""
    met = kept.setdefault(("assessed", event.stage, event.spell, event.definition), set())
    (met.discard if event.withdrawn else met.add)(event.relapse_id)


HEARS: dict[type[Event], Callable[[dict[Any, Any], Any], None]] = {
    StageStarted: _started,
    StageCompleted: _ended,
    StageLeft: _ended,
    StayCorrected: _corrected,
    StageSkipped: lambda kept, event: kept.update({("skip", event.stage): event.how}),
    SkipWithdrawn: lambda kept, event: kept.update({("skip", event.stage): None}),
    JourneyCompleted: _completed,
    CompletionCorrected: _completed,
    RelapseRecorded: lambda kept, event: kept.update({("relapse", event.stage, event.spell): "told"}),
    RelapseWithdrawn: lambda kept, event: kept.pop(("relapse", event.stage, event.spell), None) if event.is_last else None,
    RelapseAssessed: _assessed,
}
