"""What referral does when something happens elsewhere: the whole inbound map."""

from services.referral.concern import service as concerns
from services.referral.consent import service as consents
from services.referral.correction import service as corrections
from services.referral.death import service as deaths
from services.referral.guardian import service as guardians
from services.referral.handover import service as handovers
from services.referral.instruction import service as instructions
from services.referral.person import service as persons
from shared.database import Tx
from shared.delivery.inbox import Handlers
from shared.events.family import (
    ConcernAnswered,
    ConcernEscalated,
    ConcernRaised,
    ConcernRead,
    ConcernWithdrawn,
    GuardianEnded,
    GuardianNamed,
)
from shared.events.monitoring import InstructionClosed, InstructionIssued
from shared.events.programme import (
    CompletionCorrected,
    DeathReported,
    JourneyCompleted,
    JourneyCorrected,
    JourneyOpened,
    RelapseRecorded,
    RelapseWithdrawn,
    SkipWithdrawn,
    StageCompleted,
    StageLeft,
    StageSkipped,
    StageStarted,
    StayCorrected,
)


async def on_journey_opened(tx: Tx, event: JourneyOpened) -> None:
    await handovers.journey_opened(tx, event)


async def on_stage_started(tx: Tx, event: StageStarted) -> None:
    await handovers.stage_started(tx, event)


async def on_stage_completed(tx: Tx, event: StageCompleted) -> None:
    await handovers.stage_completed(tx, event)


async def on_stage_left(tx: Tx, event: StageLeft) -> None:
    await handovers.stage_left(tx, event)


async def on_death_reported(tx: Tx, event: DeathReported) -> None:
    await deaths.heard(tx, event)


async def on_stage_skipped(tx: Tx, event: StageSkipped) -> None:
    await handovers.stage_skipped(tx, event)


async def on_relapse_recorded(tx: Tx, event: RelapseRecorded) -> None:
    await handovers.relapse_recorded(tx, event)


async def on_relapse_withdrawn(tx: Tx, event: RelapseWithdrawn) -> None:
    await corrections.relapse_withdrawn(tx, event)


async def on_journey_completed(tx: Tx, event: JourneyCompleted) -> None:
    await handovers.journey_completed(tx, event)


async def on_stay_corrected(tx: Tx, event: StayCorrected) -> None:
    await corrections.stay_corrected(tx, event)


async def on_skip_withdrawn(tx: Tx, event: SkipWithdrawn) -> None:
    await corrections.skip_withdrawn(tx, event)


async def on_journey_corrected(tx: Tx, event: JourneyCorrected) -> None:
    await corrections.journey_corrected(tx, event)


async def on_completion_corrected(tx: Tx, event: CompletionCorrected) -> None:
    await corrections.completion_corrected(tx, event)


async def on_concern_raised(tx: Tx, event: ConcernRaised) -> None:
    await concerns.heard(tx, event.person_id, event.concern_id, event.severity, "raised")


async def on_concern_read(tx: Tx, event: ConcernRead) -> None:
    await concerns.heard(tx, event.person_id, event.concern_id, None, "read")


async def on_concern_escalated(tx: Tx, event: ConcernEscalated) -> None:
    await concerns.heard(tx, event.person_id, event.concern_id, None, "escalated")


async def on_concern_answered(tx: Tx, event: ConcernAnswered) -> None:
    await concerns.heard(tx, event.person_id, event.concern_id, None, "answered")


async def on_concern_withdrawn(tx: Tx, event: ConcernWithdrawn) -> None:
    await concerns.heard(tx, event.person_id, event.concern_id, None, "entered-in-error")


async def on_guardian_named(tx: Tx, event: GuardianNamed) -> None:
    await persons.lock_known(tx, event.person_id)
    await guardians.named(tx, event)


async def on_guardian_ended(tx: Tx, event: GuardianEnded) -> None:
    """What the guardian consented to ends with it."""
    await persons.lock_known(tx, event.person_id)
    await guardians.ended(tx, event)
    await consents.end_guardians(tx, event.person_id, event.contact_id)


async def on_instruction_issued(tx: Tx, event: InstructionIssued) -> None:
    await instructions.issued(tx, event)


async def on_instruction_closed(tx: Tx, event: InstructionClosed) -> None:
    await instructions.closed(tx, event)


HANDLERS: Handlers = {
    JourneyOpened: on_journey_opened,  # who holds the person before a first start; imported or not
    StageStarted: on_stage_started,  # the stage's referral is in progress
    StageCompleted: on_stage_completed,  # opens the next stage's referral
    StageLeft: on_stage_left,  # the stage's referral failed; a transfer opens another
    DeathReported: on_death_reported,  # waits for a second person here; imported history counts at once
    StageSkipped: on_stage_skipped,  # who waited for it waits for the following stage
    RelapseRecorded: on_relapse_recorded,  # opens one for the reopened stage
    RelapseWithdrawn: on_relapse_withdrawn,  # what was opened for it never was, unless somebody has accepted
    JourneyCompleted: on_journey_completed,  # withdraws what still waits
    StayCorrected: on_stay_corrected,  # undoes what the start and the end did, and does what they do now
    SkipWithdrawn: on_skip_withdrawn,  # who waited for the stage waits for it again
    JourneyCorrected: on_journey_corrected,  # with a journey that never was goes what it did
    CompletionCorrected: on_completion_corrected,  # what it withdrew is open again
    ConcernRaised: on_concern_raised,  # 000-08: visible to the holder
    ConcernRead: on_concern_read,
    ConcernEscalated: on_concern_escalated,
    ConcernAnswered: on_concern_answered,
    ConcernWithdrawn: on_concern_withdrawn,
    GuardianNamed: on_guardian_named,  # 000-25: may consent for a minor
    GuardianEnded: on_guardian_ended,
    InstructionIssued: on_instruction_issued,  # 002-13: visible to the regions asked
    InstructionClosed: on_instruction_closed,
}
