"""A journey, its stages and spells, and who holds the person. Pure: no clock, no database. What is done to a stage: `stage/domain.py`."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.programme.day.domain import Days
from services.programme.length.domain import LengthClass
from services.programme.pathway.domain import Pathway
from services.programme.transition.domain import StageStatus, step
from shared.errors import Refused
from shared.events.programme import Ending

JourneyStatus = Literal["open", "completed", "entered-in-error"]
Setting = Literal["inpatient", "outpatient", "natural-environment"]
CaseReason = Literal["incorrect-previous-socialization", "change-of-environment", "social-failure"]
LegalBasis = Literal["own-decision", "compulsory-treatment", "duty-to-act"]
Recorded = Literal["score", "withdrawal-score", "goal", "goal-closing", "adaptation-step", "reaching", "observations"]
"""What clinicians record in a journey, beside its stages."""
SkippedHow = Literal["done-elsewhere", "not-needed"]


TREATMENT = "treatment"
"""The code of the stage that is no complete treatment by itself (002-49)."""
WHO = ("clinician", "system")
"""Who may take any of these steps, each for their own organisation."""


class Spell(BaseModel):
    """One stay in a stage; a reopened stage has a new spell. `how` is set with `ended_on`; `relapses` mark it.

    `accepted`: the referrals that its start used; they give no right beyond it. `date_reason`: why it was entered with an unlikely day.
    `began_from`: how the stage stood before its start, None in older ones; `began_by`: who had decided it.
    """

    model_config = ConfigDict(frozen=True)

    stage: int
    number: int
    organisation_id: UUID
    started_on: date
    setting: Setting
    programme: str
    weeks: int
    planned_until: date | None = None
    planned_class: LengthClass | None = None
    responsible_doctor: str | None = None
    warning_reason: str | None = None
    date_reason: str | None = None
    accepted: tuple[UUID, ...] = ()
    began_from: StageStatus | None = None
    began_by: UUID | None = None
    ended_on: date | None = None
    how: Literal["completed"] | Ending | None = None
    actual_class: LengthClass | None = None
    outcome: str | None = None
    reason: str | None = None
    next_organisation_id: UUID | None = None
    relapses: tuple[UUID, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.ended_on is None

    def lasts_on(self, day: date) -> bool:
        """Whether the person stays on that day; the day of the end is the last one."""
        return self.started_on <= day and (self.ended_on is None or day <= self.ended_on)

    @property
    def length_differs(self) -> bool:
        """The class reached is another than the planned one. Source: mission row 002-17."""
        return None not in (self.planned_class, self.actual_class) and self.planned_class != self.actual_class


class StageState(BaseModel):
    """Where a stage stands; `reason` is why it was skipped or reopened, or the evidence. `by`: who skipped or reopened it by decision."""

    model_config = ConfigDict(frozen=True)

    stage: int
    code: str
    status: StageStatus = "planned"
    reason: str | None = None
    by: UUID | None = None


class Correction(BaseModel):
    """What was corrected of a journey, by whom and why: the history of its mistakes. `before`: the fact as it had stood.

    `of_organisation_id`: whose fact it was. Source: issue of corrections, section 1.
    """

    model_config = ConfigDict(frozen=True)

    what: Literal["start", "end", "skip", "reopening", "journey", "completion", "relapse"] | Recorded
    how: Literal["entered-in-error", "amended"]
    stage: int | None = None
    spell: int | None = None
    organisation_id: UUID | None = None
    of_organisation_id: UUID | None = None
    on: date
    reason: str
    before: dict[str, JsonValue] = {}


class Claim(BaseModel):
    """A relapse that wants a stage open, or was reported. `completions`: how often the journey had been completed by then.

    `spells`: how many stays it had by then, None where nobody asks again who had the person; `would_want`: the stage that it wants
    where that is the organisation of its stay.
    """

    model_config = ConfigDict(frozen=True)

    relapse_id: UUID
    completions: int = 0
    spells: int | None = None
    would_want: int | None = None


class Journey(BaseModel):
    """One person on one pathway. `completions` keeps every completion: a relapse opens the journey again and deletes nothing.

    `claims`: in the order in which they were entered; of relapses from before that was kept there are none.
    """

    model_config = ConfigDict(frozen=True)

    journey_id: UUID
    person_id: UUID
    pathway: str
    version: int
    opened_on: date
    opened_by: UUID
    by_acceptance: bool = False
    imported: bool = False
    status: JourneyStatus = "open"
    stages: tuple[StageState, ...]
    spells: tuple[Spell, ...] = ()
    completions: tuple[date, ...] = ()
    reason: CaseReason | None = None
    legal_basis: LegalBasis | None = None
    decided_on: date | None = None
    date_reason: str | None = None
    corrections: tuple[Correction, ...] = ()
    claims: tuple[Claim, ...] | None = None
    is_lost: bool = Field(default=False, exclude=True)
    """Nobody stays in it, and another organisation started later in another journey on this pathway. Not kept: it follows from those."""

    @property
    def begun_on(self) -> date:
        """The day of the opening or of the first start."""
        return min([self.opened_on, *(spell.started_on for spell in self.spells)])

    def status_of(self, stage: int) -> StageStatus | None:
        """None: the pathway has no such stage."""
        state = self.state(stage)
        return state.status if state else None

    def spells_of(self, stage: int) -> tuple[Spell, ...]:
        return tuple(spell for spell in self.spells if spell.stage == stage)

    def spell(self, stage: int, number: int | None = None) -> Spell | None:
        """A spell by its number; the last one where none is given."""
        return next((spell for spell in reversed(self.spells) if spell.stage == stage and number in (None, spell.number)), None)

    def open_spell(self, stage: int) -> Spell | None:
        spell = self.spell(stage)
        return spell if spell and spell.is_open else None

    def state(self, stage: int) -> StageState | None:
        """None: the pathway has no such stage."""
        return next((state for state in self.stages if state.stage == stage), None)

    def with_status(self, stage: int, status: StageStatus, reason: str | None = None, by: UUID | None = None) -> "Journey":
        """The stage so; where no reason is given, with the one it had."""
        return self.with_state(stage, {"status": status, "by": by, **({"reason": reason} if reason else {})})

    def with_state(self, stage: int, changes: dict[str, Any]) -> "Journey":
        states = tuple(state.model_copy(update=changes) if state.stage == stage else state for state in self.stages)
        return self.model_copy(update={"stages": states})

    def with_spell(self, changed: Spell) -> "Journey":
        """The journey with this spell, in place of the one of the same stage and number or as a new last one."""
        place = (changed.stage, changed.number)
        if all((spell.stage, spell.number) != place for spell in self.spells):
            return self.model_copy(update={"spells": (*self.spells, changed)})
        spells = tuple(changed if (spell.stage, spell.number) == place else spell for spell in self.spells)
        return self.model_copy(update={"spells": spells})

    def without_spell(self, gone: Spell) -> "Journey":
        """The journey without a stay that never was; what was entered after it counts one stay less."""
        places = [(spell.stage, spell.number) for spell in self.spells]
        entered = places.index((gone.stage, gone.number))
        claims = tuple(
            one.model_copy(update={"spells": one.spells - 1}) if one.spells is not None and one.spells > entered else one
            for one in self.claims or ()
        )
        return self.model_copy(update={"spells": (*self.spells[:entered], *self.spells[entered + 1 :]), "claims": claims or None})

    def organisations(self) -> Iterator[UUID]:
        """Who opened it, unless by an acceptance, or had a spell in it."""
        if not self.by_acceptance:
            yield self.opened_by
        yield from (spell.organisation_id for spell in self.spells)


class Acceptance(NamedTuple):
    """A referral that the caller's organisation accepted, and its stage."""

    referral_id: UUID
    stage: int


class Subject(NamedTuple):
    """What is known of the person. `was_alive`: a death told before was reversed, so that only one told since counts."""

    registered_by: UUID | None = None
    died_on: date | None = None
    was_alive: bool = False


class Found(NamedTuple):
    """A journey and what its rules read beside it: the person, and the referrals for it that the caller's organisation accepted.

    `organisation_kind`: of the organisation asked about, None when it is not known; `is_confirmed`: so by the registry.
    `keeps_weeks`: it has a weekly record.
    """

    journey: Journey
    pathway: Pathway
    accepted: tuple[Acceptance, ...] = ()
    person: Subject = Subject()
    organisation_kind: str | None = None
    is_confirmed: bool = True
    keeps_weeks: bool = False

    def last_day(self, today: date) -> date:
        """The last day on which a week of the person can pass: today, or the day of the death."""
        left = [spell.ended_on for spell in self.journey.spells if spell.how == "died" and not self.person.was_alive]
        return min([today, *(day for day in (self.person.died_on, *left) if day)])

    def days(self, latest: date) -> Days:
        """What bounds the dates that are entered on it."""
        return Days(latest, self.person.died_on, self.journey.begun_on, self.journey.imported)


def begun_as(spell: Spell) -> tuple[date, int, int]:
    """Stays in the order that makes the holder."""
    return (spell.started_on, spell.stage, spell.number)


def holder(journey: Journey) -> UUID | None:
    """The one organisation that has the person now: of the spell started last, before any start the opener.

    None before a start where it was opened by an acceptance: nobody becomes holder by what it alone did. None where the person went on
    in another journey on the pathway, or this one was entered in error.

    Source: mission row OUR-01, contracts section 3.
    """
    if journey.is_lost or journey.status == "entered-in-error":
        return None
    last = max(journey.spells, key=begun_as, default=None)
    return last.organisation_id if last else None if journey.by_acceptance else journey.opened_by


def asks(found: Found, organisation_id: UUID | None) -> bool:
    """Whether what an organisation enters of a journey asks somebody to take the person: not once another one has it.

    Who accepted the person and had no part in the journey yet is no former holder.
    """
    journey = found.journey
    is_new = bool(found.accepted) and organisation_id not in set(journey.organisations())
    return is_new or (not journey.is_lost and holder(journey) in (None, organisation_id))


def reopen_stage(journey: Journey, stage: int) -> Journey:
    """A relapse reopens the stage, or opens one still planned, and with it a completed journey.

    Raises Refused("stage-not-reopenable"). Source: mission row 002-46.
    """
    status = journey.status_of(stage)
    if status != "planned" and step("reopen", status) is None:
        raise Refused("stage-not-reopenable", ("stage-ended",))
    changed = journey if status == "planned" else journey.with_state(stage, {"status": "reopened"})
    return changed.model_copy(update={"status": "open"})


def standing(journey: Journey) -> Literal["open", "completed", "treated-not-complete"]:
    """`treated-not-complete`: treatment completed, nothing later started; never counted as completed. Source: mission row 002-49."""
    if journey.status == "completed":
        return "completed"
    treatment = next((state.stage for state in journey.stages if state.code == TREATMENT), None)
    if treatment is None or any(spell.stage > treatment for spell in journey.spells):
        return "open"
    treated = any(spell.how == "completed" for spell in journey.spells_of(treatment))
    return "treated-not-complete" if treated else "open"
