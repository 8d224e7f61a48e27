"""Random commands on one journey: what a step says, and sequences with one mistake in them. Nothing here knows how they are carried out."""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

Act = Literal["start", "complete", "leave", "transfer", "skip", "reopen", "relapse", "refute", "finish", "accept"]
ACTS: tuple[Act, ...] = ("start", "complete", "leave", "transfer", "skip", "reopen", "relapse", "refute", "finish")
WEIGHTS = (8, 7, 3, 1, 1, 1, 3, 1, 2)
STAGES = (1, 2, 3)
ENDS: tuple[Act, ...] = ("complete", "leave", "transfer")
AMENDED: tuple[Act, ...] = ("start", "finish", "relapse", *ENDS)


@dataclass(frozen=True)
class Step:
    """One command. `day`: days after the first one of the sequence. A relapse is reported late now and then.

    `at`: the number of the organisation that enters it, 0: who opened the journey. `to`: of the one that an end names as the next.
    """

    act: Act
    stage: int
    day: int
    at: int = 0
    to: int | None = None


@dataclass(frozen=True)
class Sequence:
    """`before` and `after` are right; `mistake` stands between them, and is corrected at the end.

    `right`: what it should have said; None: nothing at all, it was entered in error. `by`: the organisation that corrects it.
    `spell`: the number of the stay that the mistake was of, where it was of one.
    """

    before: tuple[Step, ...]
    mistake: Step
    right: Step | None
    after: tuple[Step, ...]
    by: int = 0
    spell: int | None = None

    def at_first(self) -> tuple[Step, ...]:
        """The same without the mistake."""
        return (*self.before, *([self.right] if self.right else []), *self.after)


CORRECTABLE: tuple[Act, ...] = ("skip", "reopen", *AMENDED)


def drawn(random: Random, day: int, organisations: int = 1) -> Step:
    """Any command on any stage, on that day or soon after; a report may be of an earlier day."""
    act = random.choices(ACTS, WEIGHTS)[0]
    late = random.randint(0, 30) if act == "relapse" and random.random() < 0.3 else 0
    on, at = max(0, day + random.randint(0, 20) - late), random.randrange(organisations)
    return Step(act, random.choice(STAGES), on, at, _next(random, act, at, organisations))


def _next(random: Random, act: Act, at: int, organisations: int) -> int | None:
    """Whom an end names: a transfer another one, a completion often. One organisation alone hands over to one that enters nothing."""
    names = act == "transfer" or (act == "complete" and organisations > 1 and random.random() < 0.6)
    return random.choice([one for one in range(max(2, organisations)) if one != at]) if names else None


def said_rightly(random: Random, mistake: Step, organisations: int = 1) -> Step | None:
    """What the mistake should have said: nothing, another day, another end of the stay, another next organisation."""
    if mistake.act not in AMENDED or random.random() < 0.5:
        return None
    right = replace(mistake, day=max(0, mistake.day + random.randint(-10, 10)))
    if right.act in ENDS and random.random() < 0.5:
        act = random.choice(ENDS)
        return replace(right, act=act, to=_next(random, act, right.at, organisations))
    return right
