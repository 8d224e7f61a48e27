"""What a pathway is: its stages in order and the rules of each. Pure; the data of the published versions stand in the migrations."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse
from shared.events.pathway import DEFAULT_PATHWAY, PathwayStage
from shared.events.pathway import FIVE_STAGES as TOLD_STAGES

PathwayStatus = Literal["draft", "published", "retired"]
Language = Literal["uz-Latn", "uz-Cyrl", "ru", "en"]

REHABILITATION = DEFAULT_PATHWAY
FIVE_STAGES = tuple(stage.code for stage in TOLD_STAGES)
ADAPTATION_GOALS = ("prosperous-environment", "restored-ties", "new-interaction", "new-living-conditions")
"""Goals of resocialization (002-07) and of adaptation to new living conditions (000-59)."""
ROWS: dict[str, dict[str, Any]] = {
    "social-rehabilitation": {"halfway": True},
    "resocialization": {
        "completes_the_journey": True,
        "asks_for_support": True,
        "needs_four_levels": True,
        "adaptation_goals": ADAPTATION_GOALS,
    },
}
"""What is asked of the stages of addiction-rehabilitation, by code. Source: mission rows 002-02, 002-24, 002-31, 000-43, 000-59."""


class StageRule(BaseModel):
    """The rules of one stage. `planned_weeks` is the default length of its weekly record; a plan overrides it.

    `completes_the_journey`: the journey completes with it; exactly one of a pathway does. `asks_for_support`: its start asks the
    family for support. `halfway`: who completed it is halfway through recovery. `needs_four_levels`, `adaptation_goals`: what the
    journey needs besides to complete, all four levels closed and one of these goals. `natural_environment`: another setting needs
    a reason (002-20). `titles`: in all four languages or none.
    """

    model_config = ConfigDict(frozen=True)

    stage: int
    code: str
    planned_weeks: int
    needs_medical_organisation: bool = False
    needs_responsible_doctor: bool = False
    planned_months: tuple[int, int] | None = None
    relapse_reopens: int | None = None
    relapse_definitions: tuple[str, ...] = ()
    completes_the_journey: bool = False
    asks_for_support: bool = False
    halfway: bool = False
    needs_four_levels: bool = False
    natural_environment: bool = False
    adaptation_goals: tuple[str, ...] = ()
    titles: dict[Language, str] = {}

    @property
    def reopens(self) -> int:
        """The stage a relapse in this one reopens when the clinician names none: itself, unless the pathway says otherwise."""
        return self.relapse_reopens or self.stage


class Pathway(BaseModel):
    """One version of an ordered set of stages; a published version never changes."""

    model_config = ConfigDict(frozen=True)

    code: str
    version: int
    stages: tuple[StageRule, ...]

    def rule(self, stage: int) -> StageRule | None:
        """The rule of a stage, or None when the pathway has no such stage."""
        return next((rule for rule in self.stages if rule.stage == stage), None)

    @property
    def completing(self) -> StageRule:
        """The stage a journey completes with; the last one of a version that says none, kept by an older process."""
        return next((rule for rule in self.stages if rule.completes_the_journey), self.stages[-1])

    @property
    def adaptation_goals(self) -> frozenset[str]:
        """One of these is needed to complete the journey; none where they are empty."""
        return frozenset(goal for rule in self.stages for goal in rule.adaptation_goals)

    def told(self) -> tuple[PathwayStage, ...]:
        """What the others hear of its stages."""
        names = set(PathwayStage.model_fields)
        return tuple(PathwayStage(**rule.model_dump(include=names)) for rule in self.stages)


CHANGES: dict[tuple[PathwayStatus, PathwayStatus], str] = {
    ("draft", "published"): "publication",
    ("published", "retired"): "retirement",
    ("draft", "retired"): "retirement",
}


def with_properties(code: str, said: Sequence[Mapping[str, Any]]) -> tuple[StageRule, ...]:
    """The stages of a new version. What is not said of addiction-rehabilitation is as the mission rows ask, else False.

    Where no stage is said to complete the journey the last one does, unless it is said not to. Source: mission rows 002-02, 002-12.
    """
    rows = ROWS if code == REHABILITATION else {}
    known: list[dict[str, Any]] = [{**rows.get(stage["code"], {}), **stage} for stage in said]
    if known and not any(stage.get("completes_the_journey") for stage in known):
        known[-1].setdefault("completes_the_journey", True)
    return tuple(StageRule.model_validate(stage) for stage in known)


def check_stages(code: str, stages: tuple[StageRule, ...], definitions: frozenset[str]) -> None:
    """Raises Refused("pathway-not-acceptable") naming every unmet requirement. Source: mission rows 002-01, 002-12."""
    numbers = tuple(rule.stage for rule in stages)
    refuse(
        "pathway-not-acceptable",
        {
            "stages-numbered-in-order": numbers != tuple(range(1, len(stages) + 1)),
            "stage-codes-differ": len({rule.code for rule in stages}) != len(stages),
            "five-stages-of-rehabilitation": code == REHABILITATION and tuple(rule.code for rule in stages) != FIVE_STAGES,
            "one-stage-completes-the-journey": sum(rule.completes_the_journey for rule in stages) != 1,
            "titles-in-all-languages": any(rule.titles and set(rule.titles) != set(get_args(Language)) for rule in stages),
            "relapse-reopens-own-stage": any(rule.reopens not in numbers for rule in stages),
            "relapse-definitions-known": any(not definitions.issuperset(rule.relapse_definitions) for rule in stages),
            "planned-months-in-order": any(rule.planned_months and rule.planned_months[0] > rule.planned_months[1] for rule in stages),
        },
    )


def change_status(status: PathwayStatus, to: PathwayStatus) -> PathwayStatus:
    """Raises Refused("pathway-status") unless the table has the step. Source: mission row 002-12."""
    refuse("pathway-status", {f"status-before-{to}": (status, to) not in CHANGES})
    return to
