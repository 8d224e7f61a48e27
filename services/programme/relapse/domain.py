"""What a relapse does to a journey: it marks a spell still started, or reopens a stage; nothing is deleted. Pure.

What weekly results show is `assessing.py`'s, what a clinician decides `finding.py`'s, what is taken back `undoing.py`'s.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.programme.day.domain import Days
from services.programme.definition.domain import CLINICIAN_REPORT
from services.programme.journey.domain import Claim, Journey, Spell, holder, reopen_stage
from services.programme.pathway.domain import StageRule
from services.programme.substance.domain import Use
from services.programme.transition.domain import StageStatus
from shared.errors import refuse
from shared.events import Event
from shared.events.programme import RelapseAssessed, RelapseRecorded

Status = Literal["found", "confirmed", "refuted"]
NOTHING_REOPENED: dict[str, Any] = {"wants": None, "wanted_after": None, "reopens": None, "reopened_from": None, "reopened_journey": False}


class Relapse(BaseModel):
    """One definition met in one spell, or a clinician's report (no week). `reopens`: the stage it reopened or opened.

    `status`: what a clinician says of it, or the rule where none need say. `withdrawn`: the weeks show it no more, or the report was none.
    `wants`: the stage that it reopens or would reopen if another relapse had not; `wanted_after`: that stage's last stay by then, 0: none.
    `reopened_from`: how that stage stood before, None where it was reopened by then; `reopened_journey`: the journey was completed.
    """

    model_config = ConfigDict(frozen=True)

    relapse_id: UUID
    stage: int
    spell: int
    definition: str
    week: int | None
    known_on: date
    reopens: int | None = None
    withdrawn: bool = False
    status: Status = "confirmed"
    reason: str | None = None
    wants: int | None = None
    wanted_after: int | None = None
    reopened_from: StageStatus | None = None
    reopened_journey: bool = False


class Report(NamedTuple):
    """What a clinician reports; `reopens` None: the pathway's default. `organisation_id`: whose stay it must be, None for any.

    `earlier`: what was reported of the same stay before. `is_kept`: it was reported already, of a stay that never was; `by_then`: how
    many stays the journey had then, None where that is not known.
    """

    relapse_id: UUID
    on: date
    reopens: int | None
    earlier: Sequence[Relapse] = ()
    use: Use = "non-medical"
    organisation_id: UUID | None = None
    is_kept: bool = False
    by_then: int | None = None

    def repeats(self) -> Relapse | None:
        """The same use, reported again: of one day one is kept."""
        return next((one for one in self.earlier if one.known_on == self.on), None)

    def has_no_consequence_yet(self) -> bool:
        return not any(one.reopens for one in self.earlier)

    def may_be_later(self, journey: Journey) -> bool:
        """Whether it may lie after its stay: what who lost the person reports anew may not."""
        return self.is_kept or self.is_by_holder(journey)

    def is_by_holder(self, journey: Journey) -> bool:
        spells = journey.spells if self.by_then is None else journey.spells[: self.by_then]
        return self.organisation_id in (None, holder(journey.model_copy(update={"spells": spells})))


class Outcome(NamedTuple):
    """The journey after it, what is kept and what is told."""

    journey: Journey
    relapses: list[Relapse]
    events: list[Event]


def report(journey: Journey, rule: StageRule, reported: Report, days: Days) -> Outcome:
    """A clinician's report of a use; prescribed use is none. A former holder's lies in its stay, marks it and reopens nothing.

    Each use is kept, and the first one of a stay is told. A later one is told only where it reopens a stage and none before it did,
    or where the clinician names the stage. Raises Refused("relapse-not-recordable").

    Source: mission rows 002-08, 002-46; standards section 3.
    """
    spell = journey.spell(rule.stage)
    refuse(
        "relapse-not-recordable",
        {
            "stage-started": spell is None,
            "spell-of-own-organisation": spell is not None and reported.organisation_id not in (None, spell.organisation_id),
            "holder-names-what-reopens": reported.reopens is not None and not reported.is_by_holder(journey),
            "on-or-after-start": spell is not None and reported.on < spell.started_on,
            "within-own-stay": spell is not None and not reported.may_be_later(journey) and not spell.lasts_on(reported.on),
            **days.unmet(reported.on),
            "reopens-stage-of-pathway": reported.reopens is not None and journey.status_of(reported.reopens) is None,
            "non-medical-use": reported.use == "prescribed",
        },
    )
    assert spell is not None
    would_want = wanted_stage(journey, rule, reported.reopens)
    wanted = would_want if reported.is_by_holder(journey) else None
    target = _target(journey, wanted) if reported.reopens is not None or reported.has_no_consequence_yet() else None
    repeated = reported.repeats()
    if repeated is not None and target is None:
        return Outcome(journey, [repeated], [])
    relapse = Relapse(
        relapse_id=reported.relapse_id,
        stage=rule.stage,
        spell=spell.number,
        definition=CLINICIAN_REPORT,
        week=None,
        known_on=reported.on,
    )
    if reported.earlier and target is None:
        relapse = wanting(journey, relapse, wanted)
        outcome = Outcome(mark(journey, relapse), [relapse], [])
    else:
        outcome = happened(journey, relapse, wanted)
    return remembered(outcome, would_want, reported.organisation_id, reported.by_then)


def remembered(outcome: Outcome, would_want: int | None, organisation_id: UUID | None, by_then: int | None = None) -> Outcome:
    """Who had the person by then is asked again once a start is corrected: kept is what the relapse wants where its organisation had.

    `by_then`: how many stays there were where it was not entered just now.
    """
    journey, relapse = outcome.journey, outcome.relapses[0]
    spell = journey.spell(relapse.stage, relapse.spell)
    if journey.is_lost or journey.imported or spell is None or spell.organisation_id != organisation_id:
        return outcome
    spells = len(journey.spells) if by_then is None else by_then
    known = {"completions": len(journey.completions), "spells": spells, "would_want": would_want}
    claims = [claim for claim in journey.claims or () if claim.relapse_id != relapse.relapse_id]
    claims.append(Claim.model_validate({"relapse_id": relapse.relapse_id, **known}))
    return outcome._replace(journey=journey.model_copy(update={"claims": tuple(claims)}))


def wanted_stage(journey: Journey, rule: StageRule, named: int | None) -> int | None:
    """The stage that is to be open again, or opened where it is still planned; None where somebody has the person in it."""
    if journey.status_of(rule.stage) == "started" and named is None:
        return None
    wanted = named or rule.reopens
    return None if journey.status_of(wanted) == "started" else wanted


def _target(journey: Journey, wanted: int | None) -> int | None:
    """The stage that is reopened or opened now; None where it waits to be started again already."""
    return None if wanted is None or journey.status_of(wanted) == "reopened" else wanted


def happened(journey: Journey, relapse: Relapse, wanted: int | None) -> Outcome:
    """A relapse that nobody need confirm: it follows, and is told with the definition it meets."""
    outcome = follows(journey, relapse, wanted)
    return outcome._replace(events=[*outcome.events, assessed(outcome.journey, outcome.relapses[0])])


def follows(journey: Journey, relapse: Relapse, wanted: int | None) -> Outcome:
    """What a relapse that counts does: it marks its stay and reopens the stage that it wants, unless another relapse has."""
    target = _target(journey, wanted)
    relapse = wanting(journey, relapse, wanted).model_copy(update={"reopens": target})
    journey = mark(journey if target is None else reopen_stage(journey, target), relapse)
    return Outcome(journey, [relapse], [recorded(journey, relapse, target)])


def recorded(journey: Journey, relapse: Relapse, reopens: int | None) -> RelapseRecorded:
    """What others are told of a relapse that counts."""
    return RelapseRecorded(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        stage=relapse.stage,
        spell=relapse.spell,
        reopens=reopens,
        imported=journey.imported,
    )


def wanting(journey: Journey, relapse: Relapse, wanted: int | None) -> Relapse:
    """The relapse with the stage that it wants open, and how that stands before it."""
    if wanted is None:
        return relapse.model_copy(update=NOTHING_REOPENED)
    last, target = journey.spell(wanted), _target(journey, wanted)
    stood = {"reopened_from": journey.status_of(wanted) if target else None, "reopened_journey": journey.status == "completed"}
    return relapse.model_copy(update={"wants": wanted, "wanted_after": last.number if last else 0, **stood})


def is_since(relapse: Relapse, last: Spell | None) -> bool:
    """Whether the relapse wanted its stage open after that stage's last stay began; of an older row the days tell."""
    if last is None:
        return True
    return relapse.known_on >= last.started_on if relapse.wanted_after is None else relapse.wanted_after >= last.number


def stands(relapse: Relapse) -> bool:
    """Whether it counts: no finding, and neither refuted nor withdrawn."""
    return relapse.status == "confirmed" and not relapse.withdrawn


def mark(journey: Journey, relapse: Relapse) -> Journey:
    """The stay with the relapse among its marks, and the journey with its claim; or without them once it does not stand.

    The claim stays where the stage was started again for it.
    """
    spell = journey.spell(relapse.stage, relapse.spell)
    assert spell is not None
    others = tuple(mark for mark in spell.relapses if mark != relapse.relapse_id)
    marks = (*others, relapse.relapse_id) if stands(relapse) else others
    return _claimed(journey, relapse).with_spell(spell.model_copy(update={"relapses": marks}))


def _claimed(journey: Journey, relapse: Relapse) -> Journey:
    if relapse.wants is not None and not (stands(relapse) or is_since(relapse, journey.spell(relapse.wants))):
        return journey
    claims = [claim for claim in journey.claims or () if claim.relapse_id != relapse.relapse_id]
    if relapse.wants is not None and stands(relapse):
        claims.append(Claim(relapse_id=relapse.relapse_id, completions=len(journey.completions)))
    return journey.model_copy(update={"claims": tuple(claims) or None})


def assessed(journey: Journey, relapse: Relapse) -> RelapseAssessed:
    """What figures by definition are made of."""
    spell = journey.spell(relapse.stage, relapse.spell)
    assert spell is not None
    return RelapseAssessed(
        person_id=journey.person_id,
        relapse_id=relapse.relapse_id,
        journey_id=journey.journey_id,
        stage=relapse.stage,
        spell=relapse.spell,
        organisation_id=spell.organisation_id,
        definition=relapse.definition,
        week=relapse.week,
        known_on=relapse.known_on,
        withdrawn=relapse.withdrawn,
        imported=journey.imported,
    )
