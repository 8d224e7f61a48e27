"""What a position in a pathway means: the stages of a pathway or journey, as far as heard. Pure."""

from typing import NamedTuple

from shared.events.pathway import DEFAULT_PATHWAY, FIVE_STAGES, PathwayStage, code_at
from shared.events.programme import JourneyOpened


class Place(NamedTuple):
    """A stage of a pathway. Its code tells which it is; `stage` is its position in the version it was asked for in."""

    pathway: str
    stage: int
    code: str


class Stages(NamedTuple):
    """The codes of a pathway's stages in order; none while no journey told them.

    `are_all`: there are no others. Of a pathway alone this is sure of addiction-rehabilitation only (002-01): of another one a newer
    version with more stages may be published that no journey told yet.
    """

    pathway: str
    codes: tuple[str, ...] = ()
    are_all: bool = False

    def place(self, stage: int) -> Place:
        """The stage at a position; until its pathway was told, the code is a stand-in that says the position."""
        return Place(self.pathway, stage, code_at([PathwayStage(code=code) for code in self.codes], stage))

    def lacks(self, stage: int) -> bool:
        return self.are_all and stage > self.size

    @property
    def size(self) -> int:
        """As many as told; five where none were, since every pathway had five before they were told."""
        return len(self.codes) or len(FIVE_STAGES)


REHABILITATION = Stages(DEFAULT_PATHWAY, tuple(stage.code for stage in FIVE_STAGES), are_all=True)


def told_by(event: JourneyOpened) -> tuple[str, ...] | None:
    """The codes that the opening of a journey tells; None in an older event of a pathway whose codes nobody told then."""
    if "stages" not in event.model_fields_set and event.pathway != DEFAULT_PATHWAY:
        return None
    return tuple(stage.code for stage in event.stages)
