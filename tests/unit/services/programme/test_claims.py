"""Who reopened what once a relapse is none: the next one did, as if it had been the only one. Source: issue of corrections, section 1."""

from datetime import date

import pytest

from services.programme.pathway.domain import Pathway
from services.programme.relapse.claiming import claims
from services.programme.relapse.domain import NOTHING_REOPENED
from shared.events.programme import RelapseAssessed, RelapseRecorded, RelapseWithdrawn
from tests.builders_programme import CENTRE, an_opened_journey, another_pathway, day
from tests.corrections.heard import heard
from tests.corrections.rules import PATHWAY, World
from tests.corrections.steps import Act, Sequence, Step

Said = tuple[Act, int, int]
OTHER = another_pathway("preparation", "work", "home", completes_the_journey=True, relapse_reopens=1)
THROUGH: tuple[Said, ...] = (
    *(("start", 1, 1), ("complete", 1, 2), ("start", 2, 3), ("complete", 2, 4)),
    *(("start", 3, 5), ("complete", 3, 6), ("finish", 3, 7)),
)

CASES: dict[str, tuple[Pathway, tuple[Said, ...], Said, tuple[Said, ...]]] = {
    "the first use of a stay, of which alone others were told": (PATHWAY, (("start", 1, 1),), ("relapse", 1, 10), (("relapse", 1, 15),)),
    "the first use after a stay, which had reopened the stage": (
        PATHWAY,
        (("start", 1, 1), ("complete", 1, 20)),
        ("relapse", 1, 25),
        (("relapse", 1, 26), ("relapse", 1, 27)),
    ),
    "the use that reopened a stage that another stay wants too": (
        OTHER,
        THROUGH[:6],
        ("relapse", 3, 10),
        (("relapse", 1, 11), ("start", 1, 12), ("complete", 1, 13), ("relapse", 3, 14)),
    ),
    "a use of another stay, for which the first of this one had reopened nothing": (
        OTHER,
        THROUGH[:6],
        ("relapse", 1, 10),
        (("relapse", 3, 11), ("start", 1, 12), ("complete", 1, 13), ("relapse", 3, 14)),
    ),
    "the use that opened a completed journey, where another one has reopened an earlier stage since": (
        PATHWAY,
        THROUGH,
        ("relapse", 3, 10),
        (("relapse", 1, 11), ("start", 1, 12), ("complete", 1, 13)),
    ),
    "the use after a transfer, since which the stay was taken over": (
        PATHWAY,
        (("start", 1, 1), ("transfer", 1, 2)),
        ("relapse", 1, 3),
        (("start", 1, 4),),
    ),
}


def life(pathway: Pathway, *said: Said) -> World:
    """What happened to one person, in that order."""
    world = World(pathway, an_opened_journey(pathway=pathway))
    for one in said:
        assert world.do(Step(*one, to=1 if one[0] == "transfer" else None)), one
    return world


def refuted(world: World, mistake: Said) -> World:
    _, stage, on = mistake
    spell = next(one.spell for one in world.kept.values() if (one.stage, one.known_on) == (stage, day(on)))
    world.correct(Sequence((), Step(*mistake), None, (), spell=spell))
    return world


@pytest.mark.parametrize("case", CASES)
def test_a_use_that_was_none_leaves_what_the_others_did_at_first(case: str) -> None:
    pathway, before, mistake, after = CASES[case]
    wrong, right = refuted(life(pathway, *before, mistake, *after), mistake), life(pathway, *before, *after)
    assert wrong.stands() == right.stands()
    assert heard(wrong.told) == heard(right.told)
    assert _reopen(wrong) == _reopen(right)


def _reopen(world: World) -> list[date]:
    """The days of the uses that reopened something."""
    found = claims(world.journey, list(world.kept.values()), {})
    return sorted(one.known_on for one in world.kept.values() if one.relapse_id in found.reopen)


def test_others_are_told_of_the_next_use_and_of_no_second_reopening() -> None:
    """The stage was asked for already, and stays asked for: nothing is taken back."""
    world = life(PATHWAY, ("start", 1, 1), ("complete", 1, 20), ("relapse", 1, 25), ("relapse", 1, 26))
    heard_before = len(world.told)
    withdrawn, told, assessed, none = refuted(world, ("relapse", 1, 25)).told[heard_before:]
    assert isinstance(withdrawn, RelapseWithdrawn) and (withdrawn.takes_back, withdrawn.is_last) == (None, False)
    assert isinstance(told, RelapseRecorded) and told.reopens is None
    assert isinstance(assessed, RelapseAssessed) and (assessed.relapse_id, assessed.known_on) == (told.relapse_id, day(26))
    assert isinstance(none, RelapseAssessed) and none.withdrawn


def test_a_stage_that_another_organisations_use_wants_open_is_asked_for_by_that_one() -> None:
    """It is asked for anew: who asks is whose use it was. Not where somebody has accepted the person already."""
    world = life(OTHER, *THROUGH[:6], ("relapse", 3, 10), ("relapse", 1, 11))
    first = world.journey.spell(1)
    assert first
    world.journey = world.journey.with_spell(first.model_copy(update={"organisation_id": CENTRE}))
    heard_before = len(world.told)
    withdrawn, told = refuted(world, ("relapse", 3, 10)).told[heard_before:][:2]
    assert isinstance(withdrawn, RelapseWithdrawn) and withdrawn.takes_back == 1
    assert isinstance(told, RelapseRecorded) and (told.stage, told.reopens) == (1, 1)
    assert world.journey.status_of(1) == "reopened"


def test_a_use_that_only_another_one_of_its_stay_silenced_reopens_its_own_stage() -> None:
    """The first one named another stage."""
    world = life(PATHWAY, *THROUGH[:6], ("relapse", 3, 10))
    (first,) = world.kept.values()
    world.kept = {first.relapse_id: first.model_copy(update={"wants": 2, "reopens": 2})}
    world.journey = world.journey.with_status(3, "completed").with_status(2, "reopened")
    assert world.do(Step("relapse", 3, 11)) and world.journey.status_of(3) == "completed"
    told = refuted(world, ("relapse", 3, 10)).told
    assert (world.journey.status_of(2), world.journey.status_of(3)) == ("completed", "reopened")
    assert [one.reopens for one in told if isinstance(one, RelapseRecorded)] == [3, 3]


def test_a_relapse_from_before_claims_were_kept_is_taken_back_as_ever() -> None:
    world = life(PATHWAY, *THROUGH, ("relapse", 3, 10))
    world.journey = world.journey.model_copy(update={"claims": None})
    refuted(world, ("relapse", 3, 10))
    assert (world.journey.status, world.journey.status_of(3)) == ("completed", "completed")
    assert {one.wants for one in world.kept.values()} != {NOTHING_REOPENED["wants"]}
