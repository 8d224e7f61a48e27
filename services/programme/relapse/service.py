"""What can be asked about relapses: observations to be recorded and judged, a report, a week that passed, the list."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from services.programme.definition.domain import CLINICIAN_REPORT
from services.programme.journey import service as journeys
from services.programme.journey.domain import Found, Journey, Spell
from services.programme.pathway.domain import StageRule
from services.programme.relapse import amending, basis, domain, finding, holding, store
from services.programme.relapse.amending import Amended
from services.programme.relapse.assessing import Assessing, assess
from services.programme.relapse.domain import Outcome, Relapse, Report
from services.programme.relapse.finding import Decision
from services.programme.relapse.undoing import Undoing
from services.programme.right import service as rights
from services.programme.settings import settings
from services.programme.substance.domain import Use
from services.programme.weekly import service as weekly
from services.programme.weekly.domain import Change, Reach, Results
from shared.database import Tx
from shared.errors import NotFound, refuse

KEPT_OF_WEEKS = {"stage", "spell", "started_on", "weeks", "closed", "closed_through", "results"}


class Gone(NamedTuple):
    """The journey while it still has the stays that never were, how it was before, and what was recorded of them, for the history."""

    journey: Journey
    before: Journey
    by: Undoing
    recorded: dict[str, list[dict[str, Any]]]


async def record_observations(tx: Tx, journey_id: UUID, place: tuple[int, int | None], results: Results) -> Journey:
    """Take weekly results of a stage's spell (None: its last), late ones too, and judge them. Raises Refused, NotFound.

    Source: standards section 3.
    """
    async with rights.locked(tx, journey_id) as found:
        spell = found.journey.spell(*place)
        own = spell is not None and spell.organisation_id == tx.caller.organisation_id
        refuse("observations-not-recordable", {"stage-started": spell is None, "spell-of-own-organisation": spell is not None and not own})
        assert spell is not None
        if not (rights.seen(tx, found).is_whole or found.journey.imported):  # else a week that is refused tells of a death
            first_days = (spell.started_on + timedelta(weeks=week - 1) for week in results.by_week)
            refuse("observations-not-recordable", {"within-own-stay": not all(spell.lasts_on(on) for on in first_days)})
        rule = _rule(found, spell.stage)
        changes = await weekly.judge(tx, found.journey, spell, rule.relapse_definitions, results, _bounds(tx, found, spell))
        journey = await _assess(tx, found, spell, changes)
        return rights.seen(tx, found._replace(journey=journey)).journey


async def week_over(tx: Tx, waiting_id: UUID) -> None:
    """A week of a spell is closed by itself; without a result it is missing. Source: issue of corrections, section 2."""
    place = await weekly.find_waiting(tx, waiting_id)
    if place is None:
        return
    found = await journeys.lock(tx, place[0])
    spell = found.journey.spell(*place[1:])
    if spell is None or await weekly.find_waiting(tx, waiting_id) is None:
        return
    await _judge_again(tx, found, spell, is_due=True)


async def stay_ended(tx: Tx, found: Found, spell: Spell) -> Journey:
    """The record of a stay that ended answers for other weeks now: none after a completion. Call under the journey's lock."""
    if found.journey.imported or not found.keeps_weeks:
        return found.journey
    return await _judge_again(tx, found, spell)


async def stays_corrected(tx: Tx, found: Found, *spells: Spell | None) -> Journey:
    """The records of these stays answer for other weeks now, or lie on other days. Call under the journey's lock.

    Raises Refused for a corrected start that the results do not fit.
    """
    for spell in spells:
        if spell is not None:
            found = found._replace(journey=await _judge_again(tx, found, spell))
    return found.journey


async def resume(tx: Tx, person_id: UUID) -> None:
    """Weeks stopped closing with a death that was reversed: they close again in every record that is not imported."""
    for journey_id in await journeys.ids_of(tx, person_id):
        await go_on(tx, await journeys.lock(tx, journey_id))


async def go_on(tx: Tx, found: Found) -> Journey:
    """No death stops the weeks of this journey any more. Call under its lock."""
    places = await weekly.list_stopped(tx, found.journey.journey_id)
    return await stays_corrected(tx, found, *(found.journey.spell(*place) for place in places))


async def _judge_again(tx: Tx, found: Found, spell: Spell, is_due: bool = False) -> Journey:
    rule = _rule(found, spell.stage)
    changes = await weekly.judge_again(tx, found.journey, spell, rule.relapse_definitions, _bounds(tx, found, spell), is_due)
    return await _assess(tx, found, spell, changes)


async def stay_goes_on(tx: Tx, found: Found, spell: Spell) -> Journey:
    """The end of a stay never was: what reopened its stage since then only marks it. Call under the journey's lock."""
    kept = await store.list_of_journey(tx, found.journey.journey_id)
    journey = await _keep(tx, found.journey, basis.not_reopened(found.journey, kept, spell))
    return await stays_corrected(tx, found._replace(journey=journey), spell)


async def reopens_another(tx: Tx, found: Found, stage: int) -> bool:
    """Whether a relapse that stands, of the last stay of a stage, has reopened another one that its pathway names."""
    spell, wanted = found.journey.spell(stage), _rule(found, stage).reopens
    kept = await store.list_of_journey(tx, found.journey.journey_id)
    of_stay = [one for one in kept if spell and (one.stage, one.spell) == (stage, spell.number) and not one.withdrawn]
    return wanted != stage and any(one.wants == wanted and one.status == "confirmed" for one in of_stay)


async def stays_gone(tx: Tx, found: Found, spells: Sequence[Spell]) -> Gone:
    """These stays never were, nor what their weeks showed or was reported of them. Call under the journey's lock, while it has them."""
    by = await _undoing(tx, found)
    outcome, others = basis.gone(found.journey, spells, by)
    weeks = [await weekly.remove(tx, found.journey.journey_id, spell) for spell in spells]
    await store.delete_relapses(tx, [one.relapse_id for one in outcome.relapses])
    await _save(tx, found, others)
    tx.append(found.journey.person_id, *outcome.events)
    recorded = [record.model_dump(mode="json", include=KEPT_OF_WEEKS) for record in weeks if record]
    relapses = [one.model_dump(mode="json", exclude_none=True) for one in outcome.relapses]
    return Gone(outcome.journey, found.journey, by, {"weeks": recorded, "relapses": relapses})


async def before_stay(tx: Tx, found: Found, gone_stay: Spell, gone: Gone) -> Journey:
    """What else follows from a stay that never was. `found`: without it; `gone`: as it was before. Call under the journey's lock.

    Uses reported of it are of the stay before, whose weeks are judged again; a reopening that only the stay had kept is taken back.
    """
    rule, never_was = _rule(found, gone_stay.stage), basis.NeverWas(gone_stay, gone.before, gone.by)
    await _save(tx, found, basis.wanted_before(await store.list_of_journey(tx, found.journey.journey_id), gone_stay))
    journey = await _keep(tx, found.journey, basis.wanted_no_more(found.journey, gone_stay.stage, await _undoing(tx, found)))
    journey = await _keep(tx, journey, basis.reported_before(journey, rule, never_was, journeys.days(tx, found)))
    journey = await start_corrected(tx, found._replace(journey=journey))
    journey = await at_rest_again(tx, found._replace(journey=journey))
    return await stays_corrected(tx, found._replace(journey=journey), journey.spell(gone_stay.stage))


async def start_corrected(tx: Tx, found: Found) -> Journey:
    """Another organisation may have had the person when a relapse was entered. Call under the journey's lock."""
    return await _keep(tx, found.journey, holding.held_otherwise(found.journey, await _undoing(tx, found)))


async def at_rest_again(tx: Tx, found: Found) -> Journey:
    """A stage does not wait after all. Call under the journey's lock."""
    kept = await store.list_of_journey(tx, found.journey.journey_id)
    return await _keep(tx, found.journey, basis.at_rest_again(found.journey, kept))


async def not_completed(tx: Tx, found: Found) -> None:
    """The journey had not been completed when a relapse reopened it. Call under the journey's lock."""
    await _save(tx, found, basis.not_completed(await store.list_of_journey(tx, found.journey.journey_id)))


async def _save(tx: Tx, found: Found, changed: list[Relapse]) -> None:
    if changed:
        await store.save_relapses(tx, found.journey.journey_id, changed)


async def wants_open(tx: Tx, found: Found, stage: int) -> bool:
    """Whether a relapse that stands has reopened this stage since its last stay."""
    return basis.is_wanted(found.journey, stage, await _undoing(tx, found))


async def first_reported_on(tx: Tx, journey_id: UUID, spell: Spell) -> date | None:
    """The day of the first use that a clinician reported of a stay, and that stands."""
    kept = [one for one in await store.list_of_journey(tx, journey_id) if (one.stage, one.spell) == (spell.stage, spell.number)]
    return min((one.known_on for one in kept if one.definition == CLINICIAN_REPORT and not one.withdrawn), default=None)


async def report(tx: Tx, journey_id: UUID, stage: int, used: tuple[date, Use], reopens: int | None) -> Relapse:
    """A clinician reports a use in the last spell of a stage, as often as it happens. Raises Refused, NotFound.

    Source: mission rows 002-08, 002-46.
    """
    async with rights.locked(tx, journey_id) as found:
        spell = found.journey.spell(stage)
        kept = [one for one in await store.list_of_journey(tx, journey_id) if spell and (one.stage, one.spell) == (stage, spell.number)]
        earlier = [one for one in kept if one.definition == CLINICIAN_REPORT and not one.withdrawn]
        reported = Report(uuid4(), used[0], reopens, earlier, used[1], journeys.organisation_of(tx))
        outcome = domain.report(found.journey, _rule(found, stage), reported, journeys.days(tx, found))
        await _keep(tx, found.journey, outcome)
        return outcome.relapses[0]


async def decide(tx: Tx, journey_id: UUID, relapse_id: UUID, is_one: bool, said: tuple[int | None, str | None]) -> Relapse:
    """A clinician of the holder, or of whose stay it is, says whether it is one. `said`: the stage it reopens, the reason why it is none.

    Raises Refused, NotFound("relapse") for others. Source: issue of corrections, sections 1 and 2.
    """
    found = await journeys.lock(tx, journey_id)
    by, own = await _undoing(tx, found), journeys.organisation_of(tx)
    relapse = next((one for one in by.kept if one.relapse_id == relapse_id), None)
    if relapse is None or not finding.may_decide(found.journey, relapse, own):
        raise NotFound("relapse")
    decision = Decision(own, *said)
    if is_one:
        outcome = finding.confirm(found.journey, _rule(found, relapse.stage), relapse, decision)
    else:
        outcome = finding.refute(found.journey, relapse, decision, by)
    tx.audit("confirm-relapse" if is_one else "refute-relapse", found.journey.person_id)
    await _keep(tx, found.journey, outcome)
    return outcome.relapses[0]


async def amend(tx: Tx, found: Found, relapse_id: UUID, said: tuple[int, date], reason: str) -> tuple[Journey, Relapse, Relapse]:
    """A report was of another stage or day. Call under the journey's lock. Answers the report as it was and as it is.

    Raises Refused, NotFound. Source: issue of corrections, section 1.
    """
    by, own = await _undoing(tx, found), journeys.organisation_of(tx)
    relapse = next((one for one in by.kept if one.relapse_id == relapse_id), None)
    if relapse is None or not finding.may_decide(found.journey, relapse, own):
        raise NotFound("relapse")
    amended = Amended(said[1], _rule(found, said[0]), Decision(own, reason=reason))
    outcome = amending.amend(found.journey, relapse, amended, by, journeys.days(tx, found))
    return await _keep(tx, found.journey, outcome), relapse, outcome.relapses[0]


async def list_relapses(tx: Tx, journey_id: UUID, after: UUID, limit: int) -> tuple[Journey, list[Relapse]]:
    """For who opened the journey or had a stay in it, a former holder those of its own stays; raises NotFound for others."""
    sight = await rights.get_delivered(tx, journey_id)
    return sight.journey, await store.list_relapses(tx, journey_id, rights.own_spells(tx, sight), after, limit + 1)


async def _assess(tx: Tx, found: Found, spell: Spell, changes: list[Change]) -> Journey:
    is_new = not changes or (found.journey.imported and all(change.what == "met" for change in changes))
    undoing = Undoing() if is_new else await _undoing(tx, found)
    by = Assessing(_rule(found, spell.stage), spell, undoing, settings().findings_need_confirmation)
    return await _keep(tx, found.journey, assess(found.journey, by, changes))


async def _undoing(tx: Tx, found: Found) -> Undoing:
    journey_id, defaults = found.journey.journey_id, {rule.stage: rule.reopens for rule in found.pathway.stages}
    return Undoing(await store.list_of_journey(tx, journey_id), await journeys.accepted_stages(tx, journey_id), defaults)


async def _keep(tx: Tx, before: Journey, outcome: Outcome) -> Journey:
    if outcome.relapses:
        await store.save_relapses(tx, before.journey_id, outcome.relapses)
    if outcome.journey != before:
        await journeys.save(tx, outcome.journey)
    tx.append(before.person_id, *outcome.events)
    return outcome.journey


def _bounds(tx: Tx, found: Found, spell: Spell) -> weekly.Bounds:
    return weekly.Bounds(journeys.days(tx, found), _reach(tx, found, spell))


def _reach(tx: Tx, found: Found, spell: Spell) -> Reach:
    """A stay left by a death that was none goes on, as far as its weeks are concerned; none goes on into the next one of its stage."""
    following = found.journey.spell(spell.stage, spell.number + 1)
    ended_on = None if spell.how == "died" and found.person.was_alive else spell.ended_on
    if following is not None:
        ended_on = min(ended_on or following.started_on, following.started_on - timedelta(days=1))
    to_plan = following is None and spell.how in ("dropped-out", "terminated-by-organisation")
    return Reach(found.last_day(tx.now.date()), settings().week_closes_after_days, ended_on, to_plan)


def _rule(found: Found, stage: int) -> StageRule:
    rule = found.pathway.rule(stage)
    if rule is None:
        raise NotFound("stage")
    return rule
