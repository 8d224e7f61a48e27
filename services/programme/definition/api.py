"""Relapse definitions on the wire: the list, and the calculation over weekly sequences. No person in it."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from services.programme.definition.domain import DEFINITIONS, Definition, Result, evaluate
from shared.command import calculations
from shared.errors import NotFound
from shared.paging import Page
from shared.policy import MACRO, MESO, allows, roles
from shared.web import Body, Code

router_calculations = calculations("relapse definitions")

READERS = roles(*MESO, *MACRO)
Sequence = Annotated[list[Result], Field(max_length=520)]


class Sequences(Body):
    """Weekly results from week 1; every week given is recorded or past."""

    sequences: list[Sequence] = Field(max_length=1000, examples=[[["negative", "negative", "positive", "missing", "positive", "missing"]]])


class Evaluation(BaseModel):
    """`week`: where the window opens; `known_in_week`: its last week, at whose end the relapse is first known."""

    met: bool
    week: int | None
    known_in_week: int | None


class Evaluations(BaseModel):
    definition: str = Field(examples=["consecutive-4-from-week-3"])
    results: list[Evaluation]


class DefinitionView(BaseModel):
    """Met by the first `window` of weeks, opening in `opens_from` or later, with at least `at_least` results among `counts`."""

    code: str
    window: int
    at_least: int
    opens_from: int
    counts: list[Result]
    is_relapse: bool
    clock: Literal["missing-counts-as-positive", "missing-only"] = Field(
        description="Remission is another clock: only observed days count."
    )


@router_calculations.get("/relapse-definitions")
@allows(READERS)
async def list_definitions() -> Page[DefinitionView]:
    """Source: standards section 3."""
    return Page[DefinitionView](items=[_view(definition) for definition in DEFINITIONS.values()])


@router_calculations.post("/relapse-definitions/{code}/evaluations")
@allows(READERS)
async def evaluate_sequences(code: Annotated[Code, Path(examples=["consecutive-4"])], body: Sequences) -> Evaluations:
    """For each sequence whether the definition is met, where its window opens and when it is first known. Source: standards section 3."""
    definition = DEFINITIONS.get(code)
    if definition is None:
        raise NotFound("relapse-definition")
    return Evaluations(definition=code, results=[_evaluation(definition, sequence) for sequence in body.sequences])


NOT_MET = Evaluation(met=False, week=None, known_in_week=None)


def _evaluation(definition: Definition, sequence: list[Result]) -> Evaluation:
    met = evaluate(definition, sequence)
    return Evaluation(met=True, week=met.week, known_in_week=met.known_in_week) if met else NOT_MET


def _view(definition: Definition) -> DefinitionView:
    clock: Literal["missing-counts-as-positive", "missing-only"] = "missing-counts-as-positive" if definition.is_relapse else "missing-only"
    return DefinitionView.model_validate({**definition._asdict(), "counts": sorted(definition.counts), "clock": clock})
