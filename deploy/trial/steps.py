"""What is done about a person, one class per command, each on a day of the record. No rule and no wire: mapping.py makes them,
commands.py sends them.
"""

from dataclasses import dataclass

from deploy.trial.weeks import Result

DETOXIFICATION = 1
TREATMENT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something done on one day, counted from the consent."""

    day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPerson(Step):
    clinic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJourney(Step):
    clinic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressReferral(Step):
    """A referral for the stage, from the clinic to one organisation by name."""

    stage: int
    clinic: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptReferral(Step):
    stage: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StartStage(Step):
    stage: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteStage(Step):
    """`next_at` is None when nobody had been named for the next stage on that day."""

    stage: int
    at: str
    next_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveStage(CompleteStage):
    """The same end without completion."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordWithdrawal(Step):
    """All scores (0-3) of a person at once, by day."""

    at: str
    scores: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordObservations(Step):
    """Many weeks at once; `closes` says that no more is expected, so that the weeks without a result are missing."""

    stage: int
    at: str
    results: tuple[tuple[int, Result], ...]
    closes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLateObservations(RecordObservations):
    """Results that arrive after the record was closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDied(Step):
    clinic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDied(Step):
    """By a second person of the clinic: only then does a reported death count."""

    clinic: str
