"""What a pathway is: its stages in order and the rules of each. Pure; the data of the published versions stand in the migrations."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import refuse

PathwayStatus = Literal["draft", "published", "retired"]

FIVE_STAGES = ("detoxification", "treatment", "medical-rehabilitation", "social-rehabilitation", "resocialization")
REHABILITATION = "addiction-rehabilitation"
StrictStage = Annotated[int, Field(strict=True, ge=1, le=9, examples=[2])]


class StageRule(BaseModel):
    """The rules of one stage. `planned_weeks` is the default length of its weekly record; a plan overrides it."""

    model_config = ConfigDict(frozen=True)

    stage: int
    code: str
    planned_weeks: int
    needs_medical_organisation: bool = False
    needs_responsible_doctor: bool = False
    planned_months: tuple[int, int] | None = None
    relapse_reopens: int | None = None
    relapse_definitions: tuple[str, ...] = ()

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


CHANGES: dict[tuple[PathwayStatus, PathwayStatus], str] = {
    ("draft", "published"): "publication",
    ("published", "retired"): "retirement",
    ("draft", "retired"): "retirement",
}


def check_stages(code: str, stages: tuple[StageRule, ...], definitions: frozenset[str]) -> None:
    """Raises Refused("pathway-not-acceptable") naming every unmet requirement. Source: mission rows 002-01, 002-12."""
    numbers = tuple(rule.stage for rule in stages)
    refuse(
        "pathway-not-acceptable",
        {
            "stages-numbered-in-order": numbers != tuple(range(1, len(stages) + 1)),
            "stage-codes-differ": len({rule.code for rule in stages}) != len(stages),
            "five-stages-of-rehabilitation": code == REHABILITATION and tuple(rule.code for rule in stages) != FIVE_STAGES,
            # Referral and monitoring count to five and never hear how many stages a pathway has.
            "five-stages": code != REHABILITATION and len(stages) != len(FIVE_STAGES),
            "relapse-reopens-own-stage": any(rule.reopens not in numbers for rule in stages),
            "relapse-definitions-known": any(not definitions.issuperset(rule.relapse_definitions) for rule in stages),
            "planned-months-in-order": any(rule.planned_months and rule.planned_months[0] > rule.planned_months[1] for rule in stages),
        },
    )


def change_status(status: PathwayStatus, to: PathwayStatus) -> PathwayStatus:
    """Raises Refused("pathway-status") unless the table has the step. Source: mission row 002-12."""
    refuse("pathway-status", {f"status-before-{to}": (status, to) not in CHANGES})
    return to
