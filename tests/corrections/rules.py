"""The steps carried out on programme's pure rules, by one organisation or by several that hand a person over."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from services.programme.completion.domain import complete_journey
from services.programme.correction import domain as stays
from services.programme.correction import whole
from services.programme.correction.domain import By
from services.programme.functioning.domain import Functioning
from services.programme.journey.domain import Acceptance, Found, Journey, Subject, asks, holder
from services.programme.pathway.domain import Pathway
from services.programme.relapse import basis
from services.programme.relapse import domain as relapses
from services.programme.relapse.amending import Amended, amend
from services.programme.relapse.domain import Outcome, Relapse, Report
from services.programme.relapse.finding import Decision, may_decide, refute
from services.programme.relapse.holding import held_otherwise
from services.programme.relapse.undoing import Undoing
from services.programme.right.domain import must_complete, must_decide, must_start, sight, used_by
from services.programme.stage.domain import Ended, complete_stage, correct_stage, leave_stage, skip_stage, start_stage
from shared.errors import NotFound, Refused, refuse
from shared.events import Event
from tests.builders_programme import CENTRE, CLINIC, NGO, TODAY, a_start, an_opened_journey, another_pathway, day
from tests.corrections.steps import Sequence, Step

PATHWAY = another_pathway("preparation", "work", "home", completes_the_journey=True)
HOW = {"complete": "completed", "leave": "dropped-out", "transfer": "transferred"}
ORGANISATIONS = (NGO, CENTRE, CLINIC)
NUMBERS: dict[UUID | None, int] = {organisation_id: number for number, organisation_id in enumerate(ORGANISATIONS)}


class Accepted(NamedTuple):
    """A referral that was accepted: it counts until its stage is started by anybody or skipped, or the journey is completed.

    `spells`, `completions`: how many stays the stage, and completions the journey, had by then.
    """

    referral_id: UUID
    stage: int
    at: int
    spells: int
    completions: int

    def counts(self, journey: Journey) -> bool:
        is_as_then = len(journey.spells_of(self.stage)) == self.spells and len(journey.completions) <= self.completions
        return is_as_then and journey.status == "open" and journey.status_of(self.stage) not in whole.SKIPPED


@dataclass
class World:
    """A journey, the relapses kept of it, the referrals accepted for it, those of which a correction ended the right, and what was told.

    `quiet`: the stays whose end asked nobody.
    """

    pathway: Pathway = PATHWAY
    journey: Journey = field(default_factory=lambda: an_opened_journey(pathway=PATHWAY))
    kept: dict[UUID, Relapse] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    accepted: tuple[Accepted, ...] = ()
    dismissed: tuple[UUID, ...] = ()
    quiet: frozenset[tuple[int, int]] = frozenset()

    def after(self, step: Step) -> "World | None":
        """The world in which it happened; None where the rules refuse it."""
        changed = World(self.pathway, self.journey, dict(self.kept), list(self.told), self.accepted, self.dismissed, self.quiet)
        return changed if changed.do(step) else None

    def do(self, step: Step) -> bool:
        """Whether the rules let it happen."""
        try:
            getattr(self, f"_{step.act}")(step)
        except (Refused, NotFound):
            return False
        return True

    def found(self, at: int) -> Found:
        """The journey and what the rules read beside it, as this organisation has it."""
        accepted = tuple(Acceptance(one.referral_id, one.stage) for one in self.accepted if one.at == at and one.counts(self.journey))
        return Found(self.journey, self.pathway, accepted, Subject(NGO))

    def at(self, stage: int) -> UUID | None:
        """Whose the last stay of a stage is."""
        spell = self.journey.spell(stage)
        return spell.organisation_id if spell else None

    def awaited(self) -> list[tuple[int, int]]:
        """Stages for which somebody has accepted the person, and who."""
        return [(one.stage, one.at) for one in self.accepted if one.counts(self.journey)]

    def offers(self, organisations: int) -> list[tuple[int, int]]:
        """Stages for which an organisation may accept the person, after the end that was entered last, and those who may."""
        last = next((spell for spell in reversed(self.journey.spells) if spell.how in ("completed", "transferred")), None)
        stage = self._leads(last.stage, last.how) if last else None
        if (
            last is None
            or stage is None
            or (last.stage, last.number) in self.quiet
            or self.journey.status != "open"
            or stage in dict(self.awaited())
        ):
            return []
        asked = [NUMBERS[last.next_organisation_id]] if last.next_organisation_id else range(organisations)
        return [(stage, at) for at in asked if at < organisations and ORGANISATIONS[at] != last.organisation_id]

    def _leads(self, stage: int, how: str | None) -> int | None:
        if how == "transferred":
            last = self.journey.spell(stage)
            return stage if self.journey.status_of(stage) == "left" and last and last.how == how else None
        later = [state for state in self.journey.stages if state.stage > stage and state.status not in whole.SKIPPED]
        return later[0].stage if later and later[0].status == "planned" else None

    def _keep(self, journey: Journey, events: Any, changed: Any = ()) -> None:
        self.journey = journey
        self.told += events
        self.kept |= {one.relapse_id: one for one in changed}

    def keep(self, outcome: Outcome) -> None:
        self._keep(outcome.journey, outcome.events, outcome.relapses)

    def _accept(self, step: Step) -> None:
        """The id is of the how-manieth it is, so that it is the same without the mistake."""
        refuse("not-offered", {"offered": (step.stage, step.at) not in self.offers(len(ORGANISATIONS))})
        stood = (len(self.journey.spells_of(step.stage)), len(self.journey.completions))
        self.accepted = (*self.accepted, Accepted(UUID(int=100 + len(self.accepted)), step.stage, step.at, *stood))

    def _start(self, step: Step) -> None:
        found, rule = self.found(step.at), self.pathway.rule(step.stage)
        assert rule
        self._seen(step.at)
        must_start(found, ORGANISATIONS[step.at], step.stage)
        visit = a_start(day(step.day), at=ORGANISATIONS[step.at])
        self._keep(*start_stage(self.journey, rule, visit._replace(accepted=used_by(found, step.stage)), TODAY))

    def _seen(self, at: int) -> None:
        """Who has no part in the journey does nothing in it."""
        if ORGANISATIONS[at] not in set(self.journey.organisations()) and not self.found(at).accepted:
            raise NotFound("journey")

    def _complete(self, step: Step) -> None:
        self._ended(step)
        self._keep(*complete_stage(self.journey, step.stage, ended(step), TODAY))

    def _leave(self, step: Step) -> None:
        self._ended(step)
        self._keep(*leave_stage(self.journey, step.stage, ended(step), TODAY))

    def _ended(self, step: Step) -> None:
        """Who does not have the person any more asks nobody by it."""
        spell = self.journey.spell(step.stage)
        if spell is not None and not asks(self.found(step.at), ORGANISATIONS[step.at]):
            self.quiet |= {(spell.stage, spell.number)}

    _transfer = _leave

    def _skip(self, step: Step) -> None:
        must_decide(self.found(step.at), ORGANISATIONS[step.at], step.stage)
        self._keep(*skip_stage(self.journey, step.stage, "not-needed", "not-eligible", ORGANISATIONS[step.at]))

    def _reopen(self, step: Step) -> None:
        must_decide(self.found(step.at), ORGANISATIONS[step.at], step.stage)
        self._keep(correct_stage(self.journey, step.stage, "returned", ORGANISATIONS[step.at]), [])

    def _relapse(self, step: Step) -> None:
        rule, spell = self.pathway.rule(step.stage), self.journey.spell(step.stage)
        assert rule
        of_stay = [one for one in self.kept.values() if spell and (one.stage, one.spell) == (step.stage, spell.number)]
        earlier = [one for one in of_stay if not one.withdrawn]
        reported = Report(uuid4(), day(step.day), None, earlier, organisation_id=ORGANISATIONS[step.at])
        self.keep(relapses.report(self.journey, rule, reported, TODAY))

    def repeats(self, step: Step) -> bool:
        """Whether it reports a use that was reported already: of one day one is kept, and taken back with both reports."""
        last = self.journey.spell(step.stage)
        same = (last.number if last else 0, day(step.day))
        return step.act == "relapse" and any((one.spell, one.known_on) == same for one in self._standing(step.stage))

    def _refute(self, step: Step) -> None:
        """The last report of the stage that stands."""
        last = max(self._standing(step.stage), key=lambda one: (one.spell, one.known_on), default=None)
        self.take_out(last, step.at)

    def take_out(self, relapse: Relapse | None, at: int = 0) -> None:
        """The report was none."""
        if relapse is None or not may_decide(self.journey, relapse, ORGANISATIONS[at]):
            raise NotFound("relapse")
        self.keep(refute(self.journey, relapse, Decision(ORGANISATIONS[at], reason="mistyped"), self.undoing()))

    def _standing(self, stage: int) -> list[Relapse]:
        return [one for one in self.kept.values() if one.stage == stage and not one.withdrawn]

    def _finish(self, step: Step) -> None:
        must_complete(self.journey, ORGANISATIONS[step.at])
        self._keep(*complete_journey(self.journey, self.pathway, Functioning(), day(step.day), TODAY))

    def undoing(self) -> Undoing:
        defaults = {rule.stage: rule.reopens for rule in self.pathway.stages}
        return Undoing(list(self.kept.values()), [stage for stage, _ in self.awaited()], defaults)

    def correct(self, sequence: Sequence) -> None:
        """As `correction/service.py` does it. Raises Refused."""
        mistake, right, place = sequence.mistake, sequence.right, (sequence.mistake.stage, sequence.spell)
        by = By(ORGANISATIONS[sequence.by], date(2026, 12, 31), "mistyped")
        self._seen(sequence.by)
        if mistake.act in HOW and right is not None:
            journey, _, events = stays.amend_end(self.journey, place, ended(right)._replace(organisation_id=None), by, TODAY)
            self._keep(journey, events)
        elif mistake.act in HOW:
            journey, spell, events = stays.withdraw_end(self.journey, place, by, None)
            self._keep(journey, events)
            self.keep(basis.not_reopened(journey, list(self.kept.values()), spell))
        elif mistake.act == "start":
            self._correct_start(sequence, by)
        elif mistake.act == "relapse":
            self._correct_report(sequence)
        elif mistake.act == "skip":
            self._keep(*whole.withdraw_skip(self.journey, mistake.stage, by))
        elif mistake.act == "reopen":
            by_relapse = basis.is_wanted(self.journey, mistake.stage, self.undoing())
            self._keep(whole.withdraw_reopening(self.journey, mistake.stage, by, by_relapse), [])
            self.keep(basis.at_rest_again(self.journey, list(self.kept.values())))
        else:
            must_complete(self.journey, by.organisation_id)
            self._correct_finish(mistake, right, by)

    def _correct_report(self, sequence: Sequence) -> None:
        mistake, right, rule = sequence.mistake, sequence.right, self.pathway.rule(sequence.mistake.stage)
        assert rule
        spell = sequence.spell or len(self.journey.spells_of(mistake.stage))
        of_day = [one for one in self._standing(mistake.stage) if one.spell == spell and one.known_on == day(mistake.day)]
        if right is None or not of_day:
            self.take_out(of_day[0] if of_day else None, sequence.by)
        elif may_decide(self.journey, of_day[0], ORGANISATIONS[sequence.by]):
            amended = Amended(day(right.day), rule, Decision(ORGANISATIONS[sequence.by], reason="mistyped"))
            self.keep(amend(self.journey, of_day[0], amended, self.undoing(), TODAY))
        else:
            raise NotFound("relapse")

    def _correct_start(self, sequence: Sequence, by: By) -> None:
        mistake, right, place = sequence.mistake, sequence.right, (sequence.mistake.stage, sequence.spell)
        rule = self.pathway.rule(mistake.stage)
        assert rule
        if right is not None:
            start = a_start(day(right.day), at=ORGANISATIONS[mistake.at])
            journey, amended, events = stays.amend_start(self.journey, rule, sequence.spell, start, by, TODAY)
            of_stay = [one for one in self.kept.values() if (one.stage, one.spell) == (mistake.stage, amended.number) and not one.withdrawn]
            if any(one.known_on < amended.started_on for one in of_stay):
                raise Refused("correction-not-possible", ("on-or-before-reported-use",))
            self._keep(journey, events)
            self.keep(held_otherwise(self.journey, self.undoing()))
            return
        spell = stays.start_to_withdraw(self.journey, place, by, None)
        if not asks(self.found(sequence.by), by.organisation_id):
            self.dismissed = spell.accepted
            self.accepted = tuple(one for one in self.accepted if one.referral_id not in self.dismissed)
        never_was = basis.NeverWas(spell, self.journey, self.undoing())
        outcome, others = basis.gone(self.journey, [spell], never_was.by)
        for one in outcome.relapses:
            del self.kept[one.relapse_id]
        self._keep(outcome.journey, outcome.events, others)
        self._keep(*stays.without_start(self.journey, spell, by, {}))
        self._keep(self.journey, [], basis.wanted_before(list(self.kept.values()), spell))
        self.keep(basis.wanted_no_more(self.journey, mistake.stage, self.undoing()))
        self.keep(basis.reported_before(self.journey, rule, never_was, TODAY))
        self.keep(held_otherwise(self.journey, self.undoing()))
        self.keep(basis.at_rest_again(self.journey, list(self.kept.values())))

    def _correct_finish(self, mistake: Step, right: Step | None, by: By) -> None:
        if right is not None:
            self._keep(*whole.amend_completion(self.journey, self.pathway.completing.stage, day(right.day), by, TODAY))
            return
        journey, events = whole.withdraw_completion(self.journey, day(mistake.day), by)
        self._keep(journey, events, basis.not_completed(list(self.kept.values())))

    def stands(self, organisations: int = 1) -> dict[str, Any]:
        """All that must be equal: the journey, its relapses, what each organisation reads; without histories and ids."""
        ids = {"relapse_id", "reason", "reopened_from", "reopened_journey"}
        kept = [one.model_dump(exclude=ids) for one in self.kept.values() if not one.withdrawn]
        read = [sight(self.found(at), ORGANISATIONS[at]) for at in range(organisations)] if organisations > 1 else []
        seen = [(_shown(one.journey), one.is_whole) for one in read]
        stands = {"journey": _shown(self.journey), "holder": holder(self.journey), "relapses": sorted(kept, key=repr)}
        return stands | {"accepted": self.awaited(), "seen": seen}


def _shown(journey: Journey) -> dict[str, Any]:
    shown = journey.model_dump(exclude={"journey_id", "person_id", "corrections", "claims"})
    for spell in shown["spells"]:
        del spell["began_from"]  # nobody reads how the stage stood before; what a later correction makes of it is compared
        spell["relapses"] = len(spell["relapses"])
    for state in shown["stages"]:  # why a stage was reopened once is history
        state["reason"] = state["reason"] if state["status"] == "not-needed" else None
    return shown


def ended(step: Step) -> Ended:
    how: Any = HOW[step.act]
    return Ended(day(step.day), how, ORGANISATIONS[step.at], None, None, ORGANISATIONS[step.to] if step.to is not None else None)
