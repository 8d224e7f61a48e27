"""Any sequence of facts and corrections counts as the sequence that was right at first: a few hundred of them, by fixed seeds."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import pytest

from shared.events import Event
from shared.events.referral import PlaceNotFound
from tests.builders_monitoring import Story
from tests.harness import ServiceUnderTest
from tests.integration.services.monitoring.test_corrections import CENTRE, CLINIC, NAMES, NGO, PLACES, day, units, whole
from tests.integration.services.monitoring.test_pathways import PRISON, THREE

DEFINITIONS = ("consecutive-4", "consecutive-3", "two-of-four", "dropout-4-missing")
HOWS = ("transferred", "dropped-out", "incarcerated", "died", "other")


@dataclass
class Stay:
    """As it is in truth."""

    at: UUID
    started_on: date
    how: str | None = None
    ended_on: date | None = None
    relapses: dict[UUID, str] = field(default_factory=dict)

    def told(self, story: Story, stage: int, spell: int) -> Iterator[Event]:
        yield story.started(stage, self.started_on, self.at, spell)
        if self.ended_on and self.how == "completed":
            yield story.completed(stage, self.ended_on, self.at, spell)
        elif self.ended_on:
            yield story.left(stage, self.ended_on, self.how, self.at, spell)
        for relapse_id, definition in self.relapses.items():
            yield story.assessed(stage, definition, relapse_id, spell=spell)


@dataclass
class Journey:
    """As it is in truth."""

    story: Story
    opened_on: date
    imported: bool
    stays: dict[tuple[int, int], Stay] = field(default_factory=dict)
    skips: dict[int, str] = field(default_factory=dict)
    completed_on: date | None = None

    def told(self) -> Iterator[Event]:
        yield self.story.opened(self.opened_on, self.imported)
        for place, stay in self.stays.items():
            yield from stay.told(self.story, *place)
        yield from (self.story.skipped(stage, how) for stage, how in self.skips.items())
        if self.completed_on:
            yield self.story.journey_completed(self.completed_on)


class Life:
    """One person: `told` grows by what is told, wrong or right, while `right()` is what is true in the end."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.person_id = uuid5(NAMES, f"person {seed}")
        self.told: list[Event] = []
        self.journeys: list[Journey] = []
        self.requests: dict[UUID, tuple[Journey, int, list[Event]]] = {}
        self.number = 0
        self.open_journey()
        for _ in range(self.dice.randint(3, 16)):
            self.dice.choices(*zip(*self.possible(), strict=True))[0]()

    def right(self) -> list[Event]:
        asked = (fact for _, _, facts in self.requests.values() for fact in facts)
        return [*(fact for journey in self.journeys for fact in journey.told()), *asked]

    def possible(self) -> Iterator[tuple[Any, int]]:
        """What can happen now, and how often it is to."""
        yield self.open_journey, 1 if len(self.journeys) < 2 else 0
        if not self.journeys:
            return
        yield from ((self.start, 12), (self.skip, 3), (self.ask, 4), (self.correct_journey, 2), (self.withdraw_journey, 1))
        yield (self.correct_completion, 4) if any(journey.completed_on for journey in self.journeys) else (self.complete_journey, 2)
        if self.stays():
            yield from ((self.end, 12), (self.correct, 8), (self.withdraw, 4), (self.relapse, 4))
        if any(journey.skips for journey in self.journeys):
            yield self.withdraw_skip, 4
        if self.requests:
            yield from ((self.close, 2), (self.close_in_error, 2))

    def new_id(self) -> UUID:
        self.number += 1
        return uuid5(self.person_id, str(self.number))

    def on(self) -> date:
        return day(self.dice.randint(-20, 100))

    def place(self) -> UUID:
        return self.dice.choice((CLINIC, CENTRE, NGO))

    def journey(self) -> Journey:
        return self.dice.choice(self.journeys)

    def stage_of(self, journey: Journey) -> int:
        return self.dice.randint(1, len(journey.story.stages))

    def stays(self) -> list[tuple[Journey, tuple[int, int], Stay]]:
        return [(journey, place, stay) for journey in self.journeys for place, stay in journey.stays.items()]

    def open_journey(self) -> None:
        story = Story(CLINIC, self.person_id, self.new_id())
        if self.dice.random() < 0.3:
            story = replace(story, pathway=PRISON, stages=THREE)
        self.journeys.append(Journey(story, self.on(), self.dice.random() < 0.3))
        self.told.append(story.opened(self.journeys[-1].opened_on, self.journeys[-1].imported))

    def start(self) -> None:
        """The next number that no stay of the stage has."""
        journey = self.journey()
        stage = self.stage_of(journey)
        spell = next(number for number in range(1, 99) if (stage, number) not in journey.stays)
        stay = journey.stays[stage, spell] = Stay(self.place(), self.on())
        self.told.append(journey.story.started(stage, stay.started_on, stay.at, spell))

    def end(self) -> None:
        found = [known for known in self.stays() if known[2].ended_on is None]
        if found:
            journey, place, stay = self.dice.choice(found)
            self.end_somehow(stay)
            self.told += [fact for fact in stay.told(journey.story, *place) if type(fact).__name__ in ("StageCompleted", "StageLeft")]

    def end_somehow(self, stay: Stay) -> None:
        stay.how = "completed" if self.dice.random() < 0.6 else self.dice.choice(HOWS)
        stay.ended_on = date.fromordinal(stay.started_on.toordinal() + self.dice.randint(0, 40))

    def correct(self) -> None:
        """Another day, perhaps another organisation; another end or none."""
        journey, (stage, spell), stay = self.dice.choice(self.stays())
        stay.started_on, stay.how, stay.ended_on = self.on(), None, None
        stay.at = self.place() if self.dice.random() < 0.3 else stay.at
        if self.dice.random() < 0.6:
            self.end_somehow(stay)
        self.told.append(journey.story.corrected(stage, stay.started_on, stay.how, stay.ended_on, stay.at, spell))

    def withdraw(self) -> None:
        journey, (stage, spell), stay = self.dice.choice(self.stays())
        del journey.stays[stage, spell]
        self.told.append(journey.story.corrected(stage, None, at=stay.at, spell=spell))
        self.withdraw_relapses(journey, (stage, spell), stay)

    def withdraw_relapses(self, journey: Journey, place: tuple[int, int], stay: Stay) -> None:
        for relapse_id, definition in stay.relapses.items():
            self.told.append(journey.story.assessed(place[0], definition, relapse_id, withdrawn=True, spell=place[1]))

    def relapse(self) -> None:
        journey, (stage, spell), stay = self.dice.choice(self.stays())
        relapse_id = self.new_id()
        stay.relapses[relapse_id] = self.dice.choice(DEFINITIONS)
        self.told.append(journey.story.assessed(stage, stay.relapses[relapse_id], relapse_id, spell=spell))

    def skip(self) -> None:
        journey = self.journey()
        stage = self.stage_of(journey)
        if stage not in journey.skips:
            journey.skips[stage] = self.dice.choice(("done-elsewhere", "not-needed"))
            self.told.append(journey.story.skipped(stage, journey.skips[stage]))

    def withdraw_skip(self) -> None:
        journey, stage = self.dice.choice([(journey, stage) for journey in self.journeys for stage in journey.skips])
        del journey.skips[stage]
        self.told.append(journey.story.skip_withdrawn(stage))

    def correct_journey(self) -> None:
        journey = self.journey()
        journey.opened_on = self.on()
        self.told.append(journey.story.journey_corrected(journey.opened_on))

    def withdraw_journey(self) -> None:
        """Programme takes its relapses away, referral its requests."""
        journey = self.journey()
        self.journeys.remove(journey)
        self.told.append(journey.story.journey_corrected(None))
        for place, stay in journey.stays.items():
            self.withdraw_relapses(journey, place, stay)
        for referral_id in [referral_id for referral_id, asked in self.requests.items() if asked[0] is journey]:
            self.take_back(referral_id)

    def complete_journey(self) -> None:
        journey = self.journey()
        if journey.completed_on is None:
            journey.completed_on = self.on()
            self.told.append(journey.story.journey_completed(journey.completed_on))

    def correct_completion(self) -> None:
        journey = self.journey()
        if journey.completed_on:
            journey.completed_on = self.on() if self.dice.random() < 0.5 else None
            self.told.append(journey.story.completion_corrected(journey.completed_on))

    def ask(self) -> None:
        """Named or open to any, answered or not; perhaps no place is found."""
        journey, referral_id, to = self.journey(), self.new_id(), self.place()
        stage, story = self.stage_of(journey), journey.story
        origin, due_on = self.dice.choice(("organisation", "completion", "relapse")), self.dice.choice((None, day(9)))
        facts = [story.referred(referral_id, stage, self.dice.choice((None, to)), origin, due_on, self.dice.choice((None, 10)))]
        if self.dice.random() < 0.5:
            answer, reason = self.dice.choice((("accepted", None), ("declined", "no-capacity"), ("declined", "returned-to-custody")))
            facts.append(story.answered(referral_id, stage, to, answer, reason))
        elif self.dice.random() < 0.5:
            place = {"stage": stage, "region": "UZ-SA", "pathway": story.pathway}
            facts.append(PlaceNotFound(person_id=self.person_id, referral_id=referral_id, **place))
        self.told += facts
        self.requests[referral_id] = (journey, stage, facts)

    def close(self) -> None:
        referral_id = self.dice.choice(list(self.requests))
        journey, stage, facts = self.requests[referral_id]
        if type(facts[-1]).__name__ != "ReferralClosed":
            facts.append(journey.story.closed(referral_id, stage, self.dice.choice(("completed", "cancelled", "failed")), "other"))
            self.told.append(facts[-1])

    def close_in_error(self) -> None:
        self.take_back(self.dice.choice(list(self.requests)))

    def take_back(self, referral_id: UUID) -> None:
        journey, stage, _ = self.requests.pop(referral_id)
        self.told.append(journey.story.closed(referral_id, stage, "entered-in-error", "mistaken-or-duplicate"))


async def deliver_mixed(service: ServiceUnderTest, lives: Sequence[Sequence[Event]], largest: int, dice: random.Random) -> None:
    """All persons at once; each topic of a person in its order, and no order between topics."""
    queues: defaultdict[tuple[str, int], list[Event]] = defaultdict(list)
    for number, facts in enumerate(lives):
        for fact in facts:
            queues[fact.topic, number].append(fact)
    turns = [key for key, facts in queues.items() for _ in facts]
    dice.shuffle(turns)
    heard = {key: iter(facts) for key, facts in queues.items()}
    facts = [next(heard[key]) for key in turns]
    while facts:
        size = dice.randint(1, largest)
        await service.deliver(*facts[:size])
        del facts[:size]


@pytest.mark.parametrize(("seeds", "largest"), [(range(30), 1), (range(100, 220), 12), (range(300, 500), 400)])
async def test_any_sequence_counts_as_the_right_one(start: Any, seeds: range, largest: int) -> None:
    """`largest`: how many events a batch has at most."""
    corrected, right = await start("monitoring"), await start("monitoring")
    lives = {seed: Life(seed) for seed in seeds}
    for service in (corrected, right):
        await service.deliver(*PLACES)
    await deliver_mixed(corrected, [life.told for life in lives.values()], largest, random.Random(largest))
    await right.deliver(*(fact for life in lives.values() for fact in life.right()))
    differing = [seed for seed, life in lives.items() if await units(corrected, life.person_id) != await units(right, life.person_id)]
    assert differing == [], "seeds"
    assert await whole(corrected) == await whole(right)


def test_the_sequences_tell_every_kind_and_correct_it() -> None:
    told = [type(fact).__name__ for seed in range(300, 500) for fact in Life(seed).told]
    rare = {name for name in ("StayCorrected", "SkipWithdrawn", "JourneyCorrected", "CompletionCorrected") if told.count(name) < 20}
    assert rare == set()
    assert {"StageStarted", "StageCompleted", "StageLeft", "StageSkipped", "JourneyCompleted", "RelapseAssessed"} <= set(told)
