"""Which facts of a journey go with a stay that never was, or with the whole journey. Pure. Source: issue of corrections, section 1."""

from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.programme.journey.domain import Journey, Spell


class Leftover(NamedTuple):
    """What is asked of everything that was recorded in a journey once a stay of it never was, or the journey itself.

    `spell`: the stay, None: the journey. `is_all`: its organisation has no other part in the journey, and so recorded nothing of it.
    """

    spell: Spell | None = None
    is_all: bool = True

    def is_gone(self, entered_by: UUID | None) -> bool:
        """Whether a fact of the journey goes with it."""
        return self.spell is None or (self.is_all and entered_by == self.spell.organisation_id)

    def is_of_stay(self, entered_by: UUID | None, stage: int | None, on: date) -> bool:
        """Whether a fact that names a stage goes with it: what its organisation entered for a day of the stay."""
        if self.spell is None or self.is_gone(entered_by):
            return self.is_gone(entered_by)
        return (entered_by, stage) == (self.spell.organisation_id, self.spell.stage) and self.spell.lasts_on(on)


def left_by(journey: Journey, spell: Spell) -> Leftover:
    """Of a stay that never was; the journey still has it."""
    kept = tuple(one for one in journey.spells if (one.stage, one.number) != (spell.stage, spell.number))
    return Leftover(spell, spell.organisation_id not in set(journey.model_copy(update={"spells": kept}).organisations()))
