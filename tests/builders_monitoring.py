"""Facts as monitoring hears them: organisations and one person's story, in the words of the events."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from shared.events import Event
from shared.events.pathway import DEFAULT_PATHWAY, FIVE_STAGES, PathwayStage
from shared.events.programme import (
    CompletionCorrected,
    JourneyCompleted,
    JourneyCorrected,
    JourneyOpened,
    RelapseAssessed,
    SkipWithdrawn,
    StageCompleted,
    StageLeft,
    StageSkipped,
    StageStarted,
    StayCorrected,
)
from shared.events.referral import OfferedService, OrganisationChanged, ReferralAddressed, ReferralAnswered, ReferralClosed, ReferralOpened

JANUARY = date(2026, 1, 5)


def an_organisation(
    organisation_id: UUID, region: str = "UZ-TK", programme: str = "detoxification", stage: int = 1, pathway: str = DEFAULT_PATHWAY
) -> OrganisationChanged:
    """An organisation's entry with one service."""
    service = OfferedService(stage=stage, programme=programme, setting="inpatient", pathway=pathway)
    return OrganisationChanged(
        organisation_id=organisation_id, level="meso", kind="medical-organisation", region=region, services=(service,)
    )


@dataclass
class Story:
    """One person on one journey; each method returns one fact."""

    organisation_id: UUID = field(default_factory=uuid4)
    person_id: UUID = field(default_factory=uuid4)
    journey_id: UUID = field(default_factory=uuid4)
    pathway: str = DEFAULT_PATHWAY
    stages: tuple[PathwayStage, ...] = FIVE_STAGES

    @property
    def whose(self) -> dict[str, Any]:
        return {"person_id": self.person_id, "journey_id": self.journey_id}

    def opened(self, on: date = JANUARY, imported: bool = False) -> Event:
        return JourneyOpened(
            **self.whose,
            pathway=self.pathway,
            version=1,
            stages=self.stages,
            organisation_id=self.organisation_id,
            opened_on=on,
            imported=imported,
        )

    def started(self, stage: int, on: date, at: UUID | None = None, spell: int = 1) -> Event:
        return StageStarted(**self.whose, stage=stage, spell=spell, organisation_id=at or self.organisation_id, started_on=on)

    def completed(self, stage: int, on: date, at: UUID | None = None, spell: int = 1) -> Event:
        where = {"organisation_id": at or self.organisation_id, "next_organisation_id": None}
        return StageCompleted(**self.whose, **where, stage=stage, spell=spell, completed_on=on)

    def left(self, stage: int, on: date, how: Any = "dropped-out", at: UUID | None = None, spell: int = 1) -> Event:
        return StageLeft(**self.whose, stage=stage, spell=spell, organisation_id=at or self.organisation_id, how=how, left_on=on)

    def skipped(self, stage: int, how: Any = "done-elsewhere") -> Event:
        return StageSkipped(**self.whose, stage=stage, how=how)

    def corrected(
        self, stage: int, on: date | None, how: Any = None, ended_on: date | None = None, at: UUID | None = None, spell: int = 1
    ) -> Event:
        """How the stay stands now."""
        what = {"organisation_id": at or self.organisation_id, "started_on": on, "how": how, "ended_on": ended_on}
        return StayCorrected(**self.whose, **what, stage=stage, spell=spell)

    def skip_withdrawn(self, stage: int) -> Event:
        return SkipWithdrawn(**self.whose, stage=stage)

    def journey_corrected(self, on: date | None) -> Event:
        return JourneyCorrected(**self.whose, organisation_id=self.organisation_id, opened_on=on)

    def journey_completed(self, on: date) -> Event:
        return JourneyCompleted(**self.whose, completed_on=on)

    def completion_corrected(self, on: date | None) -> Event:
        return CompletionCorrected(**self.whose, completed_on=on)

    def assessed(self, stage: int, definition: str, relapse_id: UUID | None = None, withdrawn: bool = False, spell: int = 1) -> Event:
        return RelapseAssessed(
            **self.whose,
            relapse_id=relapse_id or uuid4(),
            stage=stage,
            spell=spell,
            organisation_id=self.organisation_id,
            definition=definition,
            week=3,
            known_on=date(2026, 2, 1),
            withdrawn=withdrawn,
        )

    def referred(
        self,
        referral_id: UUID,
        stage: int,
        to: UUID | None,
        origin: Any = "organisation",
        due_on: date | None = None,
        limit_days: int | None = None,
    ) -> Event:
        where = {"from_organisation_id": self.organisation_id, "to_organisation_id": to, "region": "UZ-TK"}
        told = {"pathway": self.pathway, "stage_code": self.stages[stage - 1].code, "limit_days": limit_days, "due_on": due_on}
        return ReferralOpened(**self.whose, **where, **told, referral_id=referral_id, stage=stage, origin=origin)

    def addressed(self, referral_id: UUID, stage: int, to: UUID, due_on: date | None = None) -> Event:
        return ReferralAddressed(**self.whose, referral_id=referral_id, stage=stage, to_organisation_id=to, due_on=due_on)

    def answered(
        self, referral_id: UUID, stage: int, by: UUID, answer: Any = "accepted", reason: str | None = None, in_time: bool = True
    ) -> Event:
        how = {"answer": answer, "reason": reason, "in_time": in_time}
        return ReferralAnswered(**self.whose, **how, referral_id=referral_id, stage=stage, organisation_id=by)

    def closed(self, referral_id: UUID, stage: int, end: Any = "completed", reason: str | None = None) -> Event:
        return ReferralClosed(**self.whose, referral_id=referral_id, stage=stage, end=end, reason=reason)
