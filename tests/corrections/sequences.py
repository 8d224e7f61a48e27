"""Sequences that the rules let happen with a mistake in them and without it, each the same for the same seed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from services.programme.journey.domain import holder
from tests.corrections.rules import NUMBERS, World
from tests.corrections.steps import CORRECTABLE, ENDS, Sequence, Step, drawn, said_rightly

TRIES = 25
KINDS = (
    *(f"{number} organisations" for number in (1, 2, 3)),
    *(f"mistaken {act}" for act in CORRECTABLE),
    *("entered in error", "amended", "a referral is accepted", "after a transfer another one starts"),
    *("corrected by who entered it and has the person", "corrected by who has the person, of another", "corrected by who lost the person"),
)


@dataclass
class Case:
    """A sequence that the rules let happen with its mistake and without it, and both journeys before the correction.

    `organisations`: how many may enter something.
    """

    sequence: Sequence
    wrong: World
    right: World
    organisations: int = 1

    def correct(self) -> None:
        """Raises Refused, NotFound. An acceptance that the correction ends counts no more in either world.

        Listed: who does not have the person any more ends what a start of its own had used. Source: contracts, Corrections.
        """
        self.wrong.correct(self.sequence)
        self.right.accepted = tuple(one for one in self.right.accepted if one.referral_id not in self.wrong.dismissed)

    def kinds(self) -> Iterator[str]:
        """What makes it one of life's: who has a part, what is mistaken, who corrects it. Before the correction."""
        sequence = self.sequence
        lived = (*sequence.before, sequence.mistake, *sequence.after)
        yield f"{len({step.at for step in lived})} organisations"
        yield f"mistaken {sequence.mistake.act}"
        yield "amended" if sequence.right else "entered in error"
        if any(step.act == "accept" for step in lived):
            yield "a referral is accepted"
        if any(one.act == "transfer" and later.act == "start" and later.at == one.to for one, later in _pairs(lived)):
            yield "after a transfer another one starts"
        if NUMBERS.get(holder(self.wrong.journey)) != sequence.by:
            yield "corrected by who lost the person"
        elif sequence.by != sequence.mistake.at:
            yield "corrected by who has the person, of another"
        else:
            yield "corrected by who entered it and has the person"


def _pairs(steps: tuple[Step, ...]) -> Iterator[tuple[Step, Step]]:
    """Steps of one stage, and later ones of it."""
    return ((one, later) for number, one in enumerate(steps) for later in steps[number:] if later.stage == one.stage)


def a_case(seed: int) -> Case | None:
    """The same for the same seed; None where the drawn mistake cannot be made, or its right fact or what followed not without it."""
    random = Random(seed)
    organisations = (1, 2, 3, 3)[seed % 4]
    wrong, right, before = _steps(random, random.randint(0, 7 + organisations), 0, (World(), World()), organisations)
    mistake, made = _mistake(random, before[-1].day if before else 0, wrong, organisations)
    if mistake is None or made is None:
        return None
    entered = said_rightly(random, mistake, organisations)
    follows = right.after(entered) if entered is not None else right
    if follows is None or (entered is not None and right.repeats(entered)):
        return None
    stay = made.journey.spell(mistake.stage)
    first = max(mistake.day, entered.day if entered else 0)
    wrong, right, after = _steps(
        random, random.choice((0, 0, 1, 2, 4) if organisations == 1 else (0, 2, 4, 8)), first, (made, follows), organisations
    )
    if any(_hides(mistake, step) or (entered is not None and _hides(entered, step)) for step in after):
        return None
    who = random.choice((mistake.at, NUMBERS.get(holder(wrong.journey), mistake.at)))
    return Case(Sequence(before, mistake, entered, after, who, stay.number if stay else None), wrong, right, organisations)


def _mistake(random: Random, day: int, wrong: World, organisations: int) -> tuple[Step | None, World | None]:
    for step in (likely(random, day, wrong, organisations) for _ in range(TRIES)):
        if step.act in CORRECTABLE and not wrong.repeats(step) and (made := wrong.after(step)) is not None:
            return step, made
    return None, None


def _hides(mistake: Step, later: Step) -> bool:
    """Whether a correction of the last fact of its kind would be of another one than the mistake; a stay is named by its number."""
    if mistake.act == "finish":
        return later.act == "finish"
    if mistake.act == "relapse":  # of one day one use is kept, and the last one of a stage is refuted
        return later.stage == mistake.stage and (later.act == "refute" or (later.act, later.day) == ("relapse", mistake.day))
    return mistake.act in ("skip", "reopen") and later.stage == mistake.stage and later.act in ("start", "reopen", *ENDS)


def likely(random: Random, day: int, world: World, organisations: int) -> Step:
    """Any command, most of them of who can give it: a stay is ended where it is, who is asked accepts, who accepted starts."""
    step = drawn(random, day, organisations)
    if organisations == 1 or random.random() < 0.1:
        return step
    offers, accepted = world.offers(organisations), world.awaited()
    if offers and random.random() < 0.7:
        stage, at = random.choice(offers)
        return replace(step, act="accept", stage=stage, at=at, to=None)
    if accepted and random.random() < 0.7:
        stage, at = random.choice(accepted)
        return replace(step, act="start", stage=stage, at=at, to=None)
    at = NUMBERS.get(world.at(step.stage) if step.act in (*ENDS, "relapse") else holder(world.journey), step.at)
    return step if at == step.at else replace(step, at=at, to=step.at if step.to == at else step.to)


def _steps(random: Random, count: int, day: int, worlds: tuple[World, World], organisations: int) -> tuple[World, World, tuple[Step, ...]]:
    """Steps that happen in both worlds, at most so many; one that only one of them takes is drawn no further."""
    wrong, right = worlds
    taken: list[Step] = []
    for _ in range(count):
        for _ in range(TRIES):
            step = likely(random, taken[-1].day if taken else day, wrong, organisations)
            with_mistake = wrong.after(step)
            without = right.after(step) if with_mistake is not None else None
            # Who asks nobody is told so with its end, by who has the person then: an end that asks in one world alone is not the same.
            if with_mistake is not None and without is not None and with_mistake.quiet == without.quiet:
                wrong, right = with_mistake, without
                taken.append(step)
                break
    return wrong, right, tuple(taken)


def is_asked_for_since(sequence: Sequence) -> bool:
    """Two faults that are known and not mended yet: what was asked for since the mistake stays, in place of what it had ended or opened.

    A completion of the journey that was none had cancelled a request, and its stage was asked for again since. A report that was none had
    asked for a stage, an end asked for it since, and another report of the same stay wants it open.
    """
    acts = [step.act for step in sequence.after]
    same = any(step.act == "relapse" and step.stage == sequence.mistake.stage for step in sequence.after)
    ended = not {"complete", "transfer"}.isdisjoint(acts)
    if sequence.right is not None:
        return False
    return ended and (sequence.mistake.act == "finish" or (sequence.mistake.act == "relapse" and same))
