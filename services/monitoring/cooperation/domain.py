"""Cooperation per region, made of rows of other figures that are released already, so that it tells nothing new. Pure.

Source: mission rows 002-28, 002-29. It stands around the stage that is halfway through recovery, stage 4 of five.
"""

from collections.abc import Mapping

from pydantic import BaseModel

from services.monitoring.figure.domain import Count, PathwayRow, Reasons
from services.monitoring.row.domain import Row, rate_of

HANDOVER_SAYS = {"median_days": None, "lost": 0, "in_question": 0, "rate": None}
OFFER_SAYS = {"referred": 0, "accepted": 0, "declined": 0, "declined_reasons": {}, "unanswered": 0}

WORDS = {
    "cooperation": (
        "Per region, side by side: persons who completed the stage halfway through recovery (stage 4 of five, named by `stage`) of "
        "those who started it; the hand-overs to it and from it; the answers to offers of it and of the next stage. Every number "
        "is the one of its own table."
    )
}


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


class CooperationRow(PathwayRow):
    """`stage_4_started` and `stage_4_completed` are of the stage named by `stage`."""

    region: str
    stage: int
    stage_4_started: Count
    stage_4_completed: Count
    handovers: list[CooperationHandover]
    offers: list[CooperationOffer]


def rows(tables: Mapping[str, list[Row]], halfway: Mapping[str, int]) -> list[Row]:
    """One row a pathway and region that any table has. `halfway`: the position of that stage, by pathway."""
    whole = [row for found in tables.values() for row in found if row["region"] and row["programme"] is None and row["period"] is None]
    places = sorted({(row["pathway"], row["region"]) for row in whole if row["pathway"] in halfway})
    return [_side_by_side(tables, place, halfway[place[0]], whole[0]["as_of"]) for place in places]


def _side_by_side(tables: Mapping[str, list[Row]], place: tuple[str, str], middle: int, as_of: str) -> Row:
    stage = _one(tables["stages"], place, stage=middle)
    started, completed = stage.get("started", 0), stage.get("completed", 0)
    handovers = [(n, _one(tables["handovers"], place, from_stage=n, to_stage=n + 1)) for n in (middle - 1, middle)]
    offers = [(n, _one(tables["referral_funnel"], place, stage=n)) for n in (middle, middle + 1)]
    return {
        "pathway": place[0],
        "region": place[1],
        "stage": middle,
        "stage_4_started": started,
        "stage_4_completed": completed,
        "handovers": [_with(row, HANDOVER_SAYS, n) for n, row in handovers],
        "offers": [_with(row, OFFER_SAYS, n) for n, row in offers],
        **rate_of(completed, started),
        "definition": "cooperation",
        "withheld": None in (started, completed),
        "as_of": as_of,
    }


def _one(found: list[Row], place: tuple[str, str], **subject: int) -> Row:
    def fits(row: Row) -> bool:
        return (row["pathway"], row["region"]) == place and all(row[name] == value for name, value in subject.items())

    return next(filter(fits, found), {})


def _with(row: Row, says: Row, stage: int) -> Row:
    return {"stage": stage, **{name: row.get(name, nothing) for name, nothing in says.items()}}
