"""What every figure is made of: how a unit falls into the cells of a table, and the shapes of rows. Pure; knows no figure by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from pydantic import BaseModel, Field

from services.monitoring.row.domain import Values, values_of
from services.monitoring.table.domain import Spec, StageAt, Subject

Count = int | None
Reasons = dict[str, int | None]


class FigureRow(BaseModel):
    """What every figure has. `rate` is withheld where a count it tells is. `withheld`: at least one cell of the row is null for that."""

    numerator: Count
    denominator: Count
    rate: float | None
    definition: str = Field(examples=["handover"], description="See GET /definitions.")
    as_of: datetime
    withheld: bool


class PathwayRow(FigureRow):
    """Null where the figure has no pathway. Two pathways never share a row."""

    pathway: str | None = Field(examples=["addiction-rehabilitation"])


class BrokenRow(PathwayRow):
    """At most one of these is set: the breakdown the row belongs to."""

    region: str | None = Field(examples=["UZ-TK"])
    programme: str | None = Field(examples=["naltrexone"])
    period: str | None = Field(examples=["2026-01"])


class Placed(NamedTuple):
    """A count of the roll-ups with what is known now: region, programme and levels of the organisations, positions of the stages.

    A position is 0 where the unit has no stage.
    """

    figure: str
    pathway: str
    stage: str
    position: int
    to_stage: str
    to_position: int
    region: str | None
    programme: str | None
    period: date
    outcome: str
    detail: str
    amount: int | None
    limit_days: int | None
    from_level: str | None
    to_level: str | None
    units: int

    def at(self) -> StageAt:
        return StageAt(self.position, self.stage)

    def to(self) -> StageAt:
        return StageAt(self.to_position, self.to_stage)

    def about(self, *parts: StageAt | str) -> Subject:
        """A table of the unit's pathway about these."""
        return Subject(self.pathway or None, parts)


class Fallen(NamedTuple):
    """Where a unit falls: the table, its cells, and the amount where a median is taken.

    `region`: where the unit has a region of its own, beside that of its organisation.
    """

    subject: Subject
    cells: tuple[str, ...]
    amount: int | None = None
    region: str | None = None


Fall = Callable[[Placed, date], Fallen]
"""How a unit falls into cells on a day; what happened later had not happened."""


@dataclass(frozen=True)
class Kind:
    """A kind of table of a figure. `falls`: the roll-up's units that it counts, and how each falls into it.

    `values`: how a row is shown. `asked`: the query parameter that asks for these rows instead of the figure's first kind.
    """

    spec: Spec
    falls: Mapping[str, Fall]
    values: Values = values_of
    asked: str = ""


def with_reason(unit: Placed, as_of: date) -> Fallen:
    """A cell for the outcome, and a part of it for the reason."""
    reason = (f"{unit.outcome}/{unit.detail}",) if unit.detail else ()
    return Fallen(unit.about(unit.at()), (unit.outcome, *reason))


def region_of(code: str | None) -> str | None:
    """The region of a region or district; none is published below it."""
    return "-".join(code.split("-")[:2]) if code else None
