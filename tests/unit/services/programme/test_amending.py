"""A report that was of another day or another stage. Source: issue of corrections, section 1."""

from uuid import UUID

import pytest

from services.programme.relapse.amending import Amended, amend
from services.programme.relapse.domain import Outcome, Relapse
from services.programme.relapse.finding import Decision
from shared.errors import Refused
from shared.events.programme import RelapseAssessed, RelapseRecorded, RelapseWithdrawn
from tests.builders_programme import CENTRE, NGO, TODAY, day, the_rule
from tests.corrections.heard import heard
from tests.corrections.rules import PATHWAY, World
from tests.corrections.steps import Step


def in_two_stages() -> World:
    """Both have ended; a use was reported of each, of the first twice."""
    world = World()
    for step in (Step("start", 1, 1), Step("complete", 1, 5), Step("start", 2, 6), Step("complete", 2, 10)):
        assert world.do(step)
    for step in (Step("relapse", 1, 12), Step("relapse", 1, 13)):
        assert world.do(step)
    return world


def reported(world: World, step: Step) -> Relapse:
    return next(one for one in world.kept.values() if (one.stage, one.known_on) == (step.stage, day(step.day)))


def amended(world: World, step: Step, to: Step, by: UUID = NGO) -> Outcome:
    relapse = reported(world, step)
    said = Amended(day(to.day), the_rule(PATHWAY, to.stage), Decision(by, reason="mistyped"))
    return amend(world.journey, relapse, said, world.undoing(), TODAY)


def test_another_day_is_told_only_of_a_use_that_was_told() -> None:
    world = in_two_stages()
    told = amended(world, Step("relapse", 1, 12), Step("relapse", 1, 11))
    (event,) = told.events
    assert isinstance(event, RelapseAssessed) and (event.known_on, event.withdrawn) == (day(11), False)
    assert (told.journey, told.relapses[0].reopens, told.relapses[0].known_on) == (world.journey, 1, day(11))
    assert amended(world, Step("relapse", 1, 13), Step("relapse", 1, 14)).events == [], "of the second one nobody was told"
    assert amended(world, Step("relapse", 1, 12), Step("relapse", 1, 12)).events == [], "nothing was changed"


def test_a_use_of_another_stage_is_none_here_and_reported_there() -> None:
    world, right = in_two_stages(), in_two_stages()
    outcome = amended(world, Step("relapse", 1, 12), Step("relapse", 2, 12))
    world.keep(outcome)
    assert [type(event) for event in outcome.events[:2]] == [RelapseWithdrawn, RelapseRecorded]
    assert (outcome.relapses[0].stage, outcome.relapses[0].reopens) == (2, 2)
    assert right.do(Step("relapse", 2, 12))
    right.take_out(reported(right, Step("relapse", 1, 12)))
    assert (world.stands(), heard(world.told)) == (right.stands(), heard(right.told))


def test_an_amendment_names_every_unmet_requirement() -> None:
    world = in_two_stages()
    cases = {
        ("on-or-after-start",): (Step("relapse", 1, 0), NGO),
        ("day-not-reported-before",): (Step("relapse", 1, 13), NGO),
        ("stay-of-same-organisation",): (Step("relapse", 3, 12), NGO),
        ("holder-takes-back-what-reopened", "within-own-stay"): (Step("relapse", 1, 14), CENTRE),
    }
    for unmet, (to, by) in cases.items():
        with pytest.raises(Refused) as refused:
            amended(world, Step("relapse", 1, 12), to, by)
        assert refused.value.unmet == unmet
    world.keep(amended(world, Step("relapse", 1, 12), Step("relapse", 2, 12)))
    with pytest.raises(Refused) as gone:
        amended(world, Step("relapse", 1, 12), Step("relapse", 1, 11))
    assert gone.value.unmet == ("report-standing",)
