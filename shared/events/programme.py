"""What the programme service tells the others. Stream: the person. Clinical facts travel on the restricted topic.

`asks_nobody`: told by an organisation that does not have the person any more. It changes what was, and nobody is asked because of it.
"""

from datetime import date
from typing import Literal
from uuid import UUID

from shared.events.event import Event
from shared.events.pathway import FIVE_STAGES, PathwayStage

Ending = Literal["transferred", "dropped-out", "terminated-by-organisation", "incarcerated", "died", "other"]
FunctionalLevel = Literal["biological", "psychological", "social", "spiritual"]


class JourneyOpened(Event, topic="programme", name="journey_opened"):
    """A person set out on a pathway; `organisation_id` holds the person until a first start. Source: mission rows OUR-01, 000-66.

    `stages`: those of this version of the pathway, in order. Wherever an event says `stage`, it is the position in this list.
    `by_acceptance`: opened by who accepted a referral of the person. Opening gives it nothing more than the acceptance does.
    """

    person_id: UUID
    journey_id: UUID
    pathway: str
    version: int
    organisation_id: UUID
    opened_on: date
    imported: bool = False
    stages: tuple[PathwayStage, ...] = FIVE_STAGES
    by_acceptance: bool = False


class StageStarted(Event, topic="programme", name="stage_started"):
    """The first attended contact of a spell: the holder changes to `organisation_id`. Source: mission rows 002-01, OUR-01.

    `overlapping`: the stage before was still open (started, neither completed nor left).
    """

    person_id: UUID
    journey_id: UUID
    stage: int
    spell: int
    organisation_id: UUID
    started_on: date
    overlapping: bool = False
    imported: bool = False


class StageCompleted(Event, topic="programme", name="stage_completed"):
    """Opens the hand-over to the next stage. `next_organisation_id` None: any qualified organisation. Source: mission row 002-15."""

    person_id: UUID
    journey_id: UUID
    stage: int
    spell: int
    organisation_id: UUID
    completed_on: date
    next_organisation_id: UUID | None
    imported: bool = False
    asks_nobody: bool = False


class StageLeft(Event, topic="programme", name="stage_left"):
    """A spell ended otherwise than completed; a transfer names where to."""

    person_id: UUID
    journey_id: UUID
    stage: int
    spell: int
    organisation_id: UUID
    how: Ending
    left_on: date
    next_organisation_id: UUID | None = None
    imported: bool = False
    asks_nobody: bool = False


class StayCorrected(Event, topic="programme", name="stay_corrected"):
    """How a stay stands after a correction; it replaces what was told of the stay before. Source: issue of corrections, section 1.

    `started_on` None: the start was entered in error, and the stay never was. `ended_on` None: the end was, and the stay goes on.
    A stage may have a stay of this number again later, told as a new start.
    """

    person_id: UUID
    journey_id: UUID
    stage: int
    spell: int
    organisation_id: UUID
    started_on: date | None
    how: Literal["completed"] | Ending | None = None
    ended_on: date | None = None
    next_organisation_id: UUID | None = None
    imported: bool = False
    asks_nobody: bool = False


class SkipWithdrawn(Event, topic="programme", name="skip_withdrawn"):
    """A stage that was told as skipped was not: it is planned again."""

    person_id: UUID
    journey_id: UUID
    stage: int
    imported: bool = False
    asks_nobody: bool = False


class JourneyCorrected(Event, topic="programme", name="journey_corrected"):
    """The day of a journey's opening was another one; None: the journey was entered in error, with all that was told of it.

    Source: issue of corrections, section 1.
    """

    person_id: UUID
    journey_id: UUID
    organisation_id: UUID
    opened_on: date | None
    imported: bool = False
    asks_nobody: bool = False


class CompletionCorrected(Event, topic="programme", name="completion_corrected"):
    """The journey was completed on another day; None: its completion was entered in error, and it is open.

    Told with the day that stood where a relapse that had opened the journey again was none: it is completed. `is_open`: only the day
    was another one, and a relapse has opened the journey since.
    `completion`: which of its completions is meant, counted from 1 over those that stand; None where it was not told.
    """

    person_id: UUID
    journey_id: UUID
    completed_on: date | None
    imported: bool = False
    asks_nobody: bool = False
    is_open: bool = False
    completion: int | None = None


class DeathReported(Event, topic="programme", name="death_reported"):
    """A stage was left because the person died, told with the StageLeft that says so. The death's owner has it confirmed.

    `imported`: told by records brought from outside, which need no confirmation. `by`: a fingerprint of who reported it, so that
    the same person does not confirm it; None where nobody is known.
    """

    person_id: UUID
    on: date
    organisation_id: UUID
    imported: bool = False
    by: UUID | None = None


class StageSkipped(Event, topic="programme", name="stage_skipped"):
    """An end of its own, never counted as completed. Source: mission row 002-01."""

    person_id: UUID
    journey_id: UUID
    stage: int
    how: Literal["done-elsewhere", "not-needed"]
    imported: bool = False


class RelapseRecorded(Event, topic="programme", name="return_recorded"):
    """`stage`, `spell`: where it happened. `reopens`: the stage it reopens, None where a spell still started is only marked.

    The wire type tells nothing sensitive. Source: mission row 002-46.
    """

    person_id: UUID
    relapse_id: UUID
    journey_id: UUID
    stage: int
    spell: int
    reopens: int | None
    imported: bool = False


class RelapseWithdrawn(Event, topic="programme", name="return_withdrawn"):
    """A relapse that was told was none: a late result undid the definition, or a clinician refuted it.

    `stage`, `spell`: where it was told to have happened. `is_last`: no other relapse of that stay stands. `takes_back`: the stage whose
    reopening goes with it, None where nothing was reopened, the stage was started again, or the journey is imported.
    """

    person_id: UUID
    relapse_id: UUID
    journey_id: UUID
    imported: bool = False
    stage: int | None = None
    spell: int | None = None
    takes_back: int | None = None
    is_last: bool = False


class JourneyCompleted(Event, topic="programme", name="journey_completed"):
    """The stage that completes the journey is completed and every level closed. Source: mission rows 002-02, 002-31.

    `completion`: which of its completions it is, counted from 1 over those that stand; None where it was not told.
    """

    person_id: UUID
    journey_id: UUID
    completed_on: date
    imported: bool = False
    completion: int | None = None


class RelapseAssessed(Event, topic="programme.restricted", name="return_assessed"):
    """Which definition was met: `week` its window opens, `known_on` the day it is first known. Source: standards section 3.

    `dropout-4-missing` is listed by this fact alone; it is never a relapse. A withdrawn assessment is repeated with `withdrawn`.
    """

    person_id: UUID
    relapse_id: UUID
    journey_id: UUID
    stage: int
    spell: int
    organisation_id: UUID
    definition: str
    week: int | None
    known_on: date
    withdrawn: bool = False
    imported: bool = False


class WithdrawalScored(Event, topic="programme.restricted", name="withdrawal_scored"):
    """Withdrawal symptoms 0 (none) to 3 (severe) on a day. Source: mission row 002-38."""

    person_id: UUID
    journey_id: UUID
    stage: int
    on: date
    score: int
    imported: bool = False


class LevelScored(Event, topic="programme.restricted", name="level_scored"):
    """One functional level scored 0-10. Source: mission rows 002-30, 002-31."""

    person_id: UUID
    journey_id: UUID
    level: FunctionalLevel
    moment: Literal["baseline", "repeat", "closing"]
    on: date
    score: int | None
    imported: bool = False
