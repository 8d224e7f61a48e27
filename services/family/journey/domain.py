"""Journeys as family knows them: how many stages, and at which the family's support is asked for. Pure."""

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.pathway import DEFAULT_PATHWAY, FIVE_STAGES, PathwayStage


class Journey(BaseModel):
    """One person on one version of a pathway. A stage is its position there, from 1, and means nothing in another journey.

    `support`: the stages that ask for support. `asking`: those of them that have begun and not ended, while contacts are prompted.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    journey_id: UUID
    person_id: UUID
    pathway: str
    stages: int
    support: tuple[int, ...]
    asking: tuple[int, ...] = ()


def asking_for_support(stages: Sequence[PathwayStage]) -> tuple[int, ...]:
    """The positions of the stages whose start asks the family for support. Source: mission row 002-24."""
    return tuple(position for position, stage in enumerate(stages, 1) if stage.asks_for_support)


def assumed(journey_id: UUID, person_id: UUID) -> Journey:
    """A journey that was opened before family listened for stages: the five of that time."""
    return Journey(
        journey_id=journey_id,
        person_id=person_id,
        pathway=DEFAULT_PATHWAY,
        stages=len(FIVE_STAGES),
        support=asking_for_support(FIVE_STAGES),
    )


def total(heard: int | None, pathway: str | None, stage: int | None) -> int | None:
    """How many stages to name beside `stage`; None: not known, or known to be wrong.

    `heard`: of the journey, or of its pathway. Without it a fact that names no pathway, or the default one, is of the five stages.
    """
    if heard is None:
        heard = len(FIVE_STAGES) if pathway in (None, DEFAULT_PATHWAY) else None
    return heard if heard is None or stage is None or stage <= heard else None
