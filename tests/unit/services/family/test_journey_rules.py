"""Journeys as family knows them: which stages ask for support, and of how many a text speaks. Pure."""

from uuid import UUID

import pytest

from services.family.journey.domain import asking_for_support, assumed, total
from shared.events.pathway import DEFAULT_PATHWAY, FIVE_STAGES, PathwayStage


def test_stages_ask_for_support_by_their_property() -> None:
    """Source: mission row 002-24."""
    asking = PathwayStage(code="home", asks_for_support=True)
    assert asking_for_support(FIVE_STAGES) == (5,)
    assert asking_for_support((asking, PathwayStage(code="work"), asking)) == (1, 3)
    assert asking_for_support(()) == ()


def test_a_journey_not_heard_of_has_the_five_stages_of_its_time() -> None:
    journey = assumed(UUID(int=1), UUID(int=2))
    assert (journey.pathway, journey.stages, journey.support, journey.asking) == (DEFAULT_PATHWAY, 5, (5,), ())


@pytest.mark.parametrize(
    ("heard", "pathway", "stage", "said"),
    [
        (3, "return-from-prison", 2, 3),
        (3, None, 3, 3),
        (None, None, 5, 5),
        (None, DEFAULT_PATHWAY, 5, 5),
        (None, "return-from-prison", 2, None),
        (3, "return-from-prison", 4, None),
        (None, DEFAULT_PATHWAY, 6, None),
        (3, None, None, 3),
    ],
)
def test_of_how_many_a_text_speaks(heard: int | None, pathway: str | None, stage: int | None, said: int | None) -> None:
    assert total(heard, pathway, stage) == said
