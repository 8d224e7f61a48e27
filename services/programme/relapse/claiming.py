"""Which of the relapses that want a stage open reopened it, and who does once one of them is none. Pure.

A stage is reopened by the first that wants it after its last stay. Of what a clinician reports of one stay the first reopens a stage, and
later ones what is named; so the next one does what the first did, once that is none.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from services.programme.definition.domain import CLINICIAN_REPORT
from services.programme.journey.domain import Journey
from services.programme.relapse.domain import Relapse, stands
from services.programme.transition.domain import StageStatus

Place = tuple[int, int | None]
"""A stage that is wanted open, and after which stay of it."""


class Claims(NamedTuple):
    """`reopen`: the relapses that reopened a stage. `places`: what is wanted open. `named`: the reports that named their stage."""

    reopen: frozenset[UUID]
    places: frozenset[Place]
    named: frozenset[UUID]


class Settled(NamedTuple):
    """What becomes of the claims: the relapses that reopen a stage now and did not, and those that stand and do no more.

    `held`: who had reopened what; `left`: what nobody wants open any more.
    """

    gained: list[Relapse]
    lost: list[Relapse]
    held: dict[Place, Relapse]
    left: list[Place]


def place_of(relapse: Relapse) -> Place:
    """What it wants open, which must be a stage."""
    assert relapse.wants is not None
    return relapse.wants, relapse.wanted_after


def stood_before(kept: Sequence[Relapse], place: Place) -> StageStatus | None:
    """How the stage stood before a relapse reopened it; None where none did."""
    return next((one.reopened_from for one in kept if one.reopened_from and one.wants and place_of(one) == place), None)


class Before(NamedTuple):
    """What is known from before a correction: the reports that named their stage, and all that was kept."""

    named: Collection[UUID]
    kept: Sequence[Relapse]


def claims(journey: Journey, kept: Sequence[Relapse], defaults: Mapping[int, int], before: Before | None = None) -> Claims:
    """Who reopened what. `defaults`: what relapses reopen where none is named.

    Where nothing is known from before, a report named its stage that reopened one after another report of its stay had.
    """
    order = {claim.relapse_id: place for place, claim in enumerate(journey.claims or ())}
    wanting = [one for one in kept if one.wants is not None and stands(one)]
    reopen, places, said = set[UUID](), set[Place](), set(before.named if before else ())
    known = [*kept, *(before.kept if before else ())]
    held, followed = set[Place](), set[Place]()
    for one in sorted(wanting, key=lambda one: order.get(one.relapse_id, -1)):
        place, stay, is_report = place_of(one), (one.stage, one.spell), one.definition == CLINICIAN_REPORT
        if is_report and stay in followed and one.relapse_id not in said:
            reopened = before is None and one.reopens is not None
            if not reopened and one.wants == defaults.get(one.stage, one.wants):
                continue
            said.add(one.relapse_id)
        places.add(place)
        stood = stood_before(known, place)
        if stood == "planned" or (stood is not None and place not in held):
            reopen.add(one.relapse_id)
            held.add(place)
            followed |= {stay} if is_report else set()
    return Claims(frozenset(reopen), frozenset(places), frozenset(said))


def settled(journey: Journey, before: Sequence[Relapse], after: Sequence[Relapse], defaults: Mapping[int, int]) -> Settled:
    """What else changes with relapses that are none: another one reopened their stage, or reopens its own."""
    was = claims(journey, before, defaults)
    now = claims(journey, after, defaults, Before(was.named, before))
    held = {place_of(one): one for one in reversed(before) if one.relapse_id in was.reopen}
    gained = [_reopening(one, [*after, *before]) for one in after if one.relapse_id in now.reopen - was.reopen]
    lost = [one.model_copy(update={"reopens": None}) for one in after if stands(one) and one.relapse_id in was.reopen - now.reopen]
    return Settled(gained, lost, held, [place for place in held if place not in now.places])


def _reopening(relapse: Relapse, kept: Sequence[Relapse]) -> Relapse:
    was_completed = any(one.reopened_journey for one in kept if one.wants and place_of(one) == place_of(relapse))
    stood = stood_before(kept, place_of(relapse))
    return relapse.model_copy(update={"reopens": relapse.wants, "reopened_from": stood, "reopened_journey": was_completed})
