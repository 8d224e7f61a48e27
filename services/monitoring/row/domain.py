"""What a released row looks like, by table: the models the routes answer. No route, no rule; null where a cell is withheld."""

from datetime import datetime

from pydantic import BaseModel, Field

Count = int | None
Reasons = dict[str, int | None]


class Figure(BaseModel):
    """What every figure has. `rate` is withheld where a count it tells is. `withheld`: at least one cell of the row is null for that."""

    numerator: Count
    denominator: Count
    rate: float | None
    definition: str = Field(examples=["handover"], description="See GET /definitions.")
    as_of: datetime
    withheld: bool


class Broken(Figure):
    """At most one of these is set: the breakdown the row belongs to."""

    region: str | None = Field(examples=["UZ-TK"])
    programme: str | None = Field(examples=["naltrexone"])
    period: str | None = Field(examples=["2026-01"])


class HandoverRow(Broken):
    """`within_days` is cumulative. A pair of equal stages: transfers."""

    from_stage: int
    to_stage: int
    completed: Count
    exempt: Count
    overlapping: Count
    within_days: dict[str, Count] = Field(examples=[{"7": 237, "14": 328, "21": 375, "30": None}])
    later: Count
    declined: Count
    waiting: Count
    lost: Count
    in_question: Count
    started_after: Count
    declined_reasons: Reasons
    exempt_reasons: Reasons
    median_days: float | None
    quartiles_days: tuple[float, float] | None


class ReferralRow(Broken):
    """`accepted` includes started."""

    stage: int
    referred: Count
    accepted: Count
    declined: Count
    declined_reasons: Reasons
    unanswered: Count
    withdrawn: Count
    started: Count


class StageRow(Broken):
    stage: int
    started: Count
    completed: Count
    left: Count
    left_reasons: Reasons
    open: Count


class JourneyRow(Broken):
    """Journeys and persons are different numbers."""

    journeys: Count
    persons: Count
    completed: Count
    left: Count
    open: Count
    treated: Count
    treated_not_complete: Count
    median_days: float | None
    quartiles_days: tuple[float, float] | None


class ResocializationRow(Broken):
    """`started_5` includes completed_5."""

    after_stage: int
    completed: Count
    exempt: Count
    exempt_reasons: Reasons
    started_5: Count
    completed_5: Count
    neither: Count
    neither_reasons: Reasons
    in_question: Count


class RelapseRow(Broken):
    """`definition` is the relapse definition's code."""

    stage: int
    persons: Count
    of: Count


class InteractionRow(Figure):
    from_level: str
    to_level: str
    kind: str = Field(examples=["referral"])
    sent: Count
    answered: Count
    answered_in_time: Count
    late: Count
    unanswered: Count
    waiting: Count
    withdrawn: Count
    median_hours: float | None
    quartiles_hours: tuple[float, float] | None


class PlaceNotFoundRow(Broken):
    stage: int
    requests: Count


class CooperationHandover(BaseModel):
    """From `stage` to the next one."""

    stage: int
    median_days: float | None
    lost: Count
    in_question: Count
    rate: float | None


class CooperationOffer(BaseModel):
    stage: int
    referred: Count
    accepted: Count
    declined: Count
    declined_reasons: Reasons
    unanswered: Count


class CooperationRow(Figure):
    region: str
    stage_4_started: Count
    stage_4_completed: Count
    handovers: list[CooperationHandover]
    offers: list[CooperationOffer]
