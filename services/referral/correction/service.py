"""What a correction of a journey does: the wrong fact is undone, the right one does what it does at first. How: `handover`, `referral`.

Source: issue of corrections, section 1.
"""

from services.referral.death import service as deaths
from services.referral.handover import service as handovers
from services.referral.handover.service import Asking
from services.referral.journey import domain as rules
from services.referral.journey import service as journeys
from services.referral.journey.domain import Corrected, Fact, Spell
from services.referral.journey.service import Leads, Outline
from services.referral.pathway.domain import Stages
from services.referral.person import service as persons
from services.referral.person.domain import Person
from services.referral.referral import service as referrals
from shared.database import Tx
from shared.events.programme import (
    CompletionCorrected,
    JourneyCorrected,
    RelapseWithdrawn,
    SkipWithdrawn,
    StageCompleted,
    StageLeft,
    StageStarted,
    StayCorrected,
)
from shared.events.referral import ReferralOrigin


async def stay_corrected(tx: Tx, event: StayCorrected) -> None:
    """The stay as it stands now takes the place of what was told of it. Another day alone changes no referral."""
    person = await persons.lock_known(tx, event.person_id)
    stages = await journeys.get_stages(tx, event.journey_id, event.person_id)
    before = await journeys.outline(tx, event.journey_id, stages)
    was, now = before.find(event.stage, event.spell), _stay(event)
    changes = rules.corrected(was, now)
    goes_on = now is not None and now.ended is None
    undone = [_fact(event, "relapsed")] if goes_on and changes.end else []  # nothing is to be reopened
    undone += [_fact(event, "ended")] if changes.end else []
    undone += [_fact(event, "started")] if changes.start else []
    again = {fact for by in undone for fact in await referrals.undo(tx, by, person, not event.asks_nobody)}
    if was is not None and was.ended == "died" and changes.end:
        await deaths.unsaid(tx, person, was.organisation_id)
    await journeys.correct_stay(tx, event)
    await _follow(tx, person, event, changes)
    if changes.named and not event.asks_nobody:
        again |= await _rename(tx, person, event, stages)
    await _realign(tx, person, event, again, (before, stages))
    if goes_on:
        await referrals.doubt_in_the_way(tx, event.person_id, event.journey_id, stages.place(event.stage))


async def skip_withdrawn(tx: Tx, event: SkipWithdrawn) -> None:
    """Who waited for the stage waits for it again, as if it had never been skipped."""
    person = await persons.lock_known(tx, event.person_id)
    stages = await journeys.get_stages(tx, event.journey_id, event.person_id)
    before = await journeys.outline(tx, event.journey_id, stages)
    again = await referrals.undo(tx, Fact(event.journey_id, "skipped", event.stage), person, not event.asks_nobody)
    await journeys.withdraw_skip(tx, event)
    await _realign(tx, person, event, again, (before, stages))


async def relapse_withdrawn(tx: Tx, event: RelapseWithdrawn) -> None:
    """What was opened for a reopened stage never was, like the reopening; what somebody accepted stays, and its sides are asked.

    A stage that stands as ended again waits for nobody; one that is planned again waits as it did.
    """
    if event.takes_back is None or event.stage is None or event.spell is None:
        return
    person = await persons.lock_known(tx, event.person_id)
    stages = await journeys.get_stages(tx, event.journey_id, event.person_id)
    by = await journeys.reopening(tx, event.journey_id, event.takes_back, event.stage, event.spell)
    again = await referrals.undo(tx, by, person)
    place = stages.place(event.takes_back)
    was_there = any(spell.stage == event.takes_back for spell in (await journeys.outline(tx, event.journey_id, stages)).spells)
    if was_there and await referrals.lock_open(tx, event.person_id, event.journey_id, place) is None:
        await referrals.settle(tx, event.person_id, place, event.journey_id)
    await _follow_again(tx, person, event, again)


async def journey_corrected(tx: Tx, event: JourneyCorrected) -> None:
    """Another day changes no referral. One that never was goes with its stays and skips, and with it every right that rested on them."""
    person = await persons.lock_known(tx, event.person_id)
    if event.opened_on is None:
        await referrals.undo_journey(tx, event, person)
        if await journeys.is_left_by_death(tx, event.journey_id):
            await deaths.unsaid(tx, person, event.organisation_id)
    await journeys.correct(tx, event)
    await _stop_again(tx, person)


async def completion_corrected(tx: Tx, event: CompletionCorrected) -> None:
    """What waited when the journey was told as completed waits again, if it is open. The day alone is nothing to a journey opened since."""
    if event.is_open:
        return
    person = await persons.lock_known(tx, event.person_id)
    by, asks = Fact(event.journey_id, "completed"), not event.asks_nobody
    again = await referrals.undo(tx, by, person, asks) if event.completed_on is None else set()
    await journeys.completed(tx, event.journey_id, event.completed_on)
    await _follow_again(tx, person, event, again)


def _stay(event: StayCorrected) -> Spell | None:
    """As the event says that it stands; None: there is none."""
    if event.started_on is None:
        return None
    return Spell(
        stage=event.stage,
        spell=event.spell,
        organisation_id=event.organisation_id,
        started_on=event.started_on,
        started_seq=0,
        ended=event.how,
        next_organisation_id=event.next_organisation_id,
    )


def _fact(event: StayCorrected, what: rules.What) -> Fact:
    return Fact(event.journey_id, what, event.stage, event.spell)


async def _follow(tx: Tx, person: Person | None, event: StayCorrected, changes: Corrected) -> None:
    """What a start and an end do to referrals when they are told as they stand now."""
    told = event.model_dump()
    if changes.start and event.started_on is not None:
        await handovers.follow_start(tx, StageStarted.model_validate(told))
    if not changes.end or event.started_on is None or event.how is None:
        return
    if event.how == "completed":
        await handovers.follow_completion(tx, person, StageCompleted.model_validate(told | {"completed_on": event.ended_on}))
    else:
        await handovers.follow_leaving(tx, person, StageLeft.model_validate(told | {"left_on": event.ended_on}))


async def _rename(tx: Tx, person: Person | None, event: StayCorrected, stages: Stages) -> set[Fact]:
    """The end may have named another organisation as the next one. Answers as `referrals.undo`."""
    by, again = _fact(event, "ended"), set[Fact]()
    for kept, referral in await referrals.list_offers(tx, by):
        to = await handovers.whom(tx, event.next_organisation_id, referral.place)
        if not await referrals.rename(tx, kept, referral, to, person):
            again |= await referrals.undo_kept(tx, [kept], person)
            origin: ReferralOrigin = "completion" if event.how == "completed" else "organisation"
            asking = Asking(event.person_id, by, event.organisation_id, event.next_organisation_id, origin, event.imported)
            await handovers.offer_next(tx, person, asking, stages.place(referral.stage))
    return again


async def _realign(
    tx: Tx, person: Person | None, event: StayCorrected | SkipWithdrawn, again: set[Fact], stood: tuple[Outline, Stages]
) -> None:
    """A completed stage may lead to another one now: what it asked for there never was, and the other one is asked for.

    `stood`: the journey before the correction, and its stages. Who does not have the person any more leads it nowhere.
    """
    before, stages = stood
    now = await journeys.outline(tx, event.journey_id, stages)
    for spell in sorted(now.spells, key=lambda s: (s.ended_seq or 0, s.stage, s.spell)):
        leads = now.leads(spell)
        is_led = spell.ended == "completed" and spell.ended_seq is not None and not event.asks_nobody
        if is_led and leads != before.leads(spell):
            named = (spell.organisation_id, spell.next_organisation_id)
            by = Fact(event.journey_id, "ended", spell.stage, spell.spell)
            asking = Asking(event.person_id, by, *named, "completion", event.imported)
            again |= await _lead(tx, person, asking, leads, stages)
    await _follow_again(tx, person, event, again)


async def _lead(tx: Tx, person: Person | None, asking: Asking, leads: Leads, stages: Stages) -> set[Fact]:
    """A completed stay asks for the stage to which it leads now, and for no other. Answers as `referrals.undo`."""
    offers = [(kept, referral) for kept, referral in await referrals.list_offers(tx, asking.by) if referral.stage > asking.by.stage]
    again = await referrals.undo_kept(tx, [kept for kept, referral in offers if referral.stage != leads.stage], person)
    if leads.opens and leads.stage is not None and all(referral.stage != leads.stage for _, referral in offers):
        await handovers.offer_next(tx, person, asking, stages.place(leads.stage))
    return again


async def _follow_again(
    tx: Tx, person: Person | None, event: StayCorrected | SkipWithdrawn | RelapseWithdrawn | CompletionCorrected, again: set[Fact]
) -> None:
    """Skips, a completion and a death that stand do to what is open now what they do to what is open when they are told."""
    for fact in sorted(again, key=lambda fact: fact.stage):
        if fact.what == "skipped" and await journeys.is_skipped(tx, fact.journey_id, fact.stage):
            await handovers.follow_skip(tx, person, event.person_id, fact)
    if await journeys.is_completed(tx, event.journey_id):
        await handovers.withdraw_waiting(tx, event.person_id, event.journey_id)
    await _stop_again(tx, person)


async def _stop_again(tx: Tx, person: Person | None) -> None:
    """What is open again does not wait for the dead; a reversal of the death opens it."""
    if person is not None and person.died_on is not None:
        await deaths.stop(tx, person.person_id)
