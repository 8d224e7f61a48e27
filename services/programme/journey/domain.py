"""A journey, its stages and spells, and who holds the person. Pure: no clock, no database. What is done to a stage: `stage/domain.py`."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.programme.day.domain import Days
from services.programme.length.domain import LengthClass
from services.programme.pathway.domain import Pathway
from services.programme.transition.domain import StageStatus, step
from shared.errors import Refused, refuse
from shared.events.programme import Ending, JourneyOpened

JourneyStatus = Literal["open", "completed"]
Setting = Literal["inpatient", "outpatient", "natural-environment"]
CaseReason = Literal["incorrect-previous-socialization", "change-of-environment", "social-failure"]
LegalBasis = Literal["own-decision", "compulsory-treatment", "duty-to-act"]
SkippedHow = Literal["done-elsewhere", "not-needed"]


TREATMENT = "treatment"
"""The code of the stage that is no complete treatment by itself (002-49)."""
WHO = ("clinician", "system")
"""Who may take any of these steps, each for their own organisation."""


class Spell(BaseModel):
    """One stay in a stage; a reopened stage has a new spell. `how` is set with `ended_on`; `relapses` mark it.

    `accepted`: the referrals that its start used; they give no right beyond it. `date_reason`: why it was entered with an unlikely day.
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

    @property
    def length_differs(self) -> bool:
        """The class reached is another than the planned one. Source: mission row 002-17."""
        return None not in (self.planned_class, self.actual_class) and self.planned_class != self.actual_class


class StageState(BaseModel):
    """Where a stage stands; `reason` is why it was skipped, or the evidence."""

    model_config = ConfigDict(frozen=True)

    stage: int
    code: str
    status: StageStatus = "planned"
    reason: str | None = None


class Journey(BaseModel):
    """One person on one pathway. `completions` keeps every completion: a relapse opens the journey again and deletes nothing."""

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
    is_lost: bool = Field(default=False, exclude=True)
    """Nobody stays in it, and another organisation started later in another journey on this pathway. Not kept: it follows from those."""

    @property
    def begun_on(self) -> date:
        """The day of the opening or of the first start."""
        return min([self.opened_on, *(spell.started_on for spell in self.spells)])

    def status_of(self, stage: int) -> StageStatus | None:
        """None: the pathway has no such stage."""
        return next((state.status for state in self.stages if state.stage == stage), None)

    def spells_of(self, stage: int) -> tuple[Spell, ...]:
        return tuple(spell for spell in self.spells if spell.stage == stage)

    def spell(self, stage: int, number: int | None = None) -> Spell | None:
        """A spell by its number; the last one where none is given."""
        return next((spell for spell in reversed(self.spells) if spell.stage == stage and number in (None, spell.number)), None)

    def open_spell(self, stage: int) -> Spell | None:
        spell = self.spell(stage)
        return spell if spell and spell.is_open else None

    def with_status(self, stage: int, status: StageStatus, reason: str | None = None) -> "Journey":
        states = tuple(
            state.model_copy(update={"status": status, "reason": reason or state.reason}) if state.stage == stage else state
            for state in self.stages
        )
        return self.model_copy(update={"stages": states})

    def with_spell(self, changed: Spell) -> "Journey":
        """The journey with this spell, in place of the one of the same stage and number or as a new last one."""
        place = (changed.stage, changed.number)
        if all((spell.stage, spell.number) != place for spell in self.spells):
            return self.model_copy(update={"spells": (*self.spells, changed)})
        spells = tuple(changed if (spell.stage, spell.number) == place else spell for spell in self.spells)
        return self.model_copy(update={"spells": spells})

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
    pathway_body: str
    accepted: tuple[Acceptance, ...] = ()
    person: Subject = Subject()
    organisation_kind: str | None = None
    is_confirmed: bool = True
    keeps_weeks: bool = False

    @property
    def pathway(self) -> Pathway:
        return Pathway.model_validate_json(self.pathway_body)

    def last_day(self, today: date) -> date:
        """The last day on which a week of the person can pass: today, or the day of the death."""
        left = [spell.ended_on for spell in self.journey.spells if spell.how == "died" and not self.person.was_alive]
        return min([today, *(day for day in (self.person.died_on, *left) if day)])

    def days(self, latest: date) -> Days:
        """What bounds the dates that are entered on it."""
        return Days(latest, self.person.died_on, self.journey.begun_on, self.journey.imported)


def holder(journey: Journey) -> UUID | None:
    """The one organisation that has the person now: of the spell started last, before any start the opener.

    None before a start where it was opened by an acceptance: nobody becomes holder by what it alone did. None where the person went on
    in another journey on the pathway.

    Source: mission row OUR-01, contracts section 3.
    """
    if journey.is_lost:
        return None
    last = max(journey.spells, key=lambda spell: (spell.started_on, spell.stage, spell.number), default=None)
    return last.organisation_id if last else None if journey.by_acceptance else journey.opened_by


def relates(organisation_id: UUID, registered_by: UUID | None, earlier: Sequence[Journey]) -> bool:
    """Whether an organisation may open a journey of a person without a referral: it registered the person, or has it now, and no other
    organisation is holder of an open one. Where the registrar was not told, it may also be who had a part before.
    """
    holders = {holder(journey) for journey in earlier if journey.status == "open"} - {None}
    had_part = registered_by is None and any(organisation_id in set(journey.organisations()) for journey in earlier)
    return (organisation_id == registered_by or organisation_id in holders or had_part) and holders <= {organisation_id}


class Opening(NamedTuple):
    """Who sets out, when and why, as it was entered. `by_system`: the caller may mark what it brings as imported.

    `by_acceptance`: the opener has no relation but an acceptance.
    """

    person_id: UUID
    organisation_id: UUID
    opened_on: date
    imported: bool = False
    by_system: bool = False
    by_acceptance: bool = False
    reason: CaseReason | None = None
    legal_basis: LegalBasis | None = None
    decided_on: date | None = None
    date_reason: str | None = None

    @property
    def dates(self) -> tuple[date, ...]:
        return (self.opened_on,) if self.decided_on is None else (self.opened_on, self.decided_on)


def open_journey(journey_id: UUID, pathway: Pathway, opening: Opening, days: Days) -> tuple[Journey, list[JourneyOpened]]:
    """A new journey on a version of a pathway; earlier ones of the person never block it. Raises Refused("journey-not-openable").

    Source: mission rows 000-66, 002-15, 002-36.
    """
    refuse(
        "journey-not-openable",
        {
            **days.unmet(*opening.dates),
            **days.unlikely(*opening.dates, reason=opening.date_reason),
            "imported-by-role-system": opening.imported and not opening.by_system,
        },
    )
    journey = Journey(
        journey_id=journey_id,
        person_id=opening.person_id,
        pathway=pathway.code,
        version=pathway.version,
        opened_on=opening.opened_on,
        opened_by=opening.organisation_id,
        by_acceptance=opening.by_acceptance,
        imported=opening.imported,
        stages=tuple(StageState(stage=rule.stage, code=rule.code) for rule in pathway.stages),
        reason=opening.reason,
        legal_basis=opening.legal_basis,
        decided_on=opening.decided_on,
        date_reason=opening.date_reason,
    )
    return journey, [_opened(journey, pathway)]


def _opened(journey: Journey, pathway: Pathway) -> JourneyOpened:
    return JourneyOpened(
        person_id=journey.person_id,
        journey_id=journey.journey_id,
        pathway=journey.pathway,
        version=journey.version,
        organisation_id=journey.opened_by,
        opened_on=journey.opened_on,
        imported=journey.imported,
        stages=pathway.told(),
        by_acceptance=journey.by_acceptance,
    )


def reopen_stage(journey: Journey, stage: int) -> Journey:
    """A relapse reopens the stage, or opens one still planned, and with it a completed journey.

    Raises Refused("stage-not-reopenable"). Source: mission row 002-46.
    """
    status = journey.status_of(stage)
    if status != "planned" and step("reopen", status) is None:
        raise Refused("stage-not-reopenable", ("stage-ended",))
    changed = journey if status == "planned" else journey.with_status(stage, "reopened")
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
