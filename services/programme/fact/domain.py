"""Who corrects what was recorded in a journey, and what stands on it: the same for all kinds. Pure.

Source: issue of corrections, section 1. Scores and goals: `levels.py`. Adaptation steps: `steps.py`.
"""

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel

from services.programme.correction.domain import NOT_POSSIBLE, By, How
from services.programme.day.domain import Days
from services.programme.functioning.domain import Entry
from services.programme.journey.domain import Correction, Journey, Recorded, holder
from services.programme.pathway.domain import Pathway
from services.programme.withdrawal.domain import Withdrawal
from shared.errors import refuse

BY_WHOM = {"entered_by", "closed_by", "reached_by"}
"""The history says it of the whole line."""


class Case(NamedTuple):
    """What a correction is judged by. `journey`: as it is; `seen`: as the one who corrects sees it."""

    journey: Journey
    seen: Journey
    pathway: Pathway
    by: By
    days: Days

    @property
    def is_by_holder(self) -> bool:
        return self.by.organisation_id is not None and holder(self.journey) == self.by.organisation_id

    def must_be_own(self, entered_by: UUID | None) -> None:
        """Who entered it, or who has the person now; of old rows who alone can have. For others absent and foreign look alike.

        Raises Refused("relation-not-sufficient").
        """
        alone = set(self.journey.organisations()) == {self.by.organisation_id}
        own = self.by.organisation_id is not None and Entry(self.by.organisation_id, alone).may_replace(entered_by)
        refuse("relation-not-sufficient", {"own-or-holder": not (own or self.is_by_holder)})

    def unmet_days(self, before: date, day: date, after: date | None = None) -> dict[str, bool]:
        """What is wrong with a corrected day. Who lost the person moves it to an earlier one alone: no day tells of what came later."""
        if self.is_by_holder:
            return self.days.unmet(day, after=after)
        return {**self.days._replace(died_on=None).unmet(day, after=after), "holder-unchanged": day > before}

    def line(self, what: Recorded, how: How, of: UUID | None, before: dict[str, Any], stage: int | None = None) -> Correction:
        """One line of history. `of`: who entered it."""
        return self.by.of_journey(what, how, of or holder(self.journey), before, stage)


def said(fact: BaseModel, *names: str) -> dict[str, Any]:
    """A fact as it stood, or only these parts of it."""
    return fact.model_dump(mode="json", exclude=BY_WHOM, include=set(names) or None, exclude_none=True)


def withdraw_day(case: Case, kept: tuple[Withdrawal, UUID | None] | None) -> Correction:
    """The withdrawal symptoms of a day were not scored. `kept`: the score and who entered it. Raises Refused."""
    score, entered_by = kept or (None, None)
    case.must_be_own(entered_by)
    refuse(NOT_POSSIBLE, {"score-entered": score is None})
    assert score is not None
    return case.line("withdrawal-score", "entered-in-error", entered_by, said(score))
