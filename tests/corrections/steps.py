"""Random commands on one journey: what a step says, and sequences with one mistake in them. Nothing here knows how they are carried out."""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

Act = Literal["start", "complete", "leave", "transfer", "skip", "reopen", "relapse", "refute", "finish"]
ACTS: tuple[Act, ...] = ("start", "complete", "leave", "transfer", "skip", "reopen", "relapse", "refute", "finish")
WEIGHTS = (8, 7, 3, 1, 1, 1, 3, 1, 2)
STAGES = (1, 2, 3)
ENDS: tuple[Act, ...] = ("complete", "leave", "transfer")
AMENDED: tuple[Act, ...] = ("start", "finish", "relapse", *ENDS)


@dataclass(frozen=True)
class Step:
    """One command. `day`: days after the first one of the sequence. A relapse is reported late now and then."""

    act: Act
    stage: int
    day: int


@dataclass(frozen=True)
class Sequence:
    """`before` and `after` are right; `mistake` stands between them, and is corrected at the end.

    `right`: what it should have said; None: nothing at all, it was entered in error.
    """

    before: tuple[Step, ...]
    mistake: Step
    right: Step | None
    after: tuple[Step, ...]

    def at_first(self) -> tuple[Step, ...]:
        """The same without the mistake."""
        return (*self.before, *([self.right] if self.right else []), *self.after)


CORRECTABLE: tuple[Act, ...] = ("skip", "reopen", *AMENDED)


def drawn(random: Random, day: int) -> Step:
    """Any command on any stage, on that day or soon after; a report may be of an earlier day."""
    act = random.choices(ACTS, WEIGHTS)[0]
    late = random.randint(0, 30) if act == "relapse" and random.random() < 0.3 else 0
    return Step(act, random.choice(STAGES), max(0, day + random.randint(0, 20) - late))


def said_rightly(random: Random, mistake: Step) -> Step | None:
    """What the mistake should have said: nothing, another day, another end of the stay."""
    if mistake.act not in AMENDED or random.random() < 0.5:
        return None
    right = replace(mistake, day=max(0, mistake.day + random.randint(-10, 10)))
    return replace(right, act=random.choice(ENDS)) if right.act in ENDS and random.random() < 0.5 else right
