"""What can be done to a stage: lock, decide, save, append."""

from collections.abc import Callable, Sequence
from uuid import UUID

from services.programme.day.domain import Days
from services.programme.journey import service as journeys
from services.programme.journey.domain import Journey, SkippedHow
from services.programme.organisation.service import TOLD_BY
from services.programme.relapse import service as relapses
from services.programme.right import service as rights
from services.programme.stage import domain
from services.programme.stage.domain import Ended, Start, Visit
from shared.database import Tx
from shared.errors import NotFound, NotYetKnown, Refused
from shared.events.event import Event
from shared.events.programme import DeathReported

Decide = Callable[[Journey, int, Ended, Days], tuple[Journey, Sequence[Event]]]


async def start_stage(tx: Tx, journey_id: UUID, stage: int, visit: Visit) -> Journey:
    """Open a spell at the caller's organisation, which becomes the holder. Raises Refused, NotFound, NotYetKnown."""
    organisation_id = journeys.organisation_of(tx)
    found = await rights.lock_to_start(tx, journey_id, stage)
    rule = found.pathway.rule(stage)
    if rule is None:
        raise NotFound("stage")
    start = Start(organisation_id, found.organisation_kind or "", visit, rights.used_by(found, stage))
    journey, events = domain.start_stage(found.journey, rule, start, journeys.days(tx, found))
    await journeys.save(tx, journey, organisation_id)
    tx.append(journey.person_id, *events)
    return journey


async def complete_stage(tx: Tx, journey_id: UUID, stage: int, ended: Ended) -> Journey:
    """Raises Refused naming every unmet requirement, NotFound, NotYetKnown for the next organisation."""
    return await _end(tx, journey_id, stage, ended, domain.complete_stage)


async def leave_stage(tx: Tx, journey_id: UUID, stage: int, ended: Ended) -> Journey:
    """Raises Refused naming every unmet requirement, NotFound, NotYetKnown for the next organisation."""
    return await _end(tx, journey_id, stage, ended, domain.leave_stage)


async def _end(tx: Tx, journey_id: UUID, stage: int, ended: Ended, decide: Decide) -> Journey:
    async with rights.locked(tx, journey_id, ("next_organisation_id", ended.next_organisation_id)) as found:
        known = ended._replace(may_report_death=rights.may_report_death(tx, found), next_is_confirmed=found.is_confirmed)
        try:
            journey, events = decide(found.journey, stage, known, journeys.days(tx, found))
        except Refused as refused:
            if refused.unmet != (domain.UNCONFIRMED,):
                raise
            raise NotYetKnown("next_organisation_id", TOLD_BY, refused) from refused  # its confirmation may be on its way
        await journeys.save(tx, journey)
        journeys.tell(tx, found, (_by_whom(tx, event) for event in events))
        spell = journey.spell(stage)
        assert spell is not None, "what ended was a spell"
        return await relapses.stay_ended(tx, found._replace(journey=journey), spell)


def _by_whom(tx: Tx, event: Event) -> Event:
    """Another person than who reported a death confirms it; rules know nothing of who calls."""
    return event.model_copy(update={"by": tx.caller.fingerprint}) if isinstance(event, DeathReported) else event


async def skip_stage(tx: Tx, journey_id: UUID, stage: int, how: SkippedHow, reason: str | None) -> Journey:
    """Raises Refused, NotFound."""
    found = await rights.lock_decided(tx, journey_id, stage)
    journey, events = domain.skip_stage(found.journey, stage, how, reason, tx.caller.organisation_id)
    await journeys.save(tx, journey)
    tx.append(journey.person_id, *events)
    return journey


async def reopen_stage(tx: Tx, journey_id: UUID, stage: int, reason: str) -> Journey:
    """By decision, not by a relapse; no fact is told until the stage is started again. Raises Refused, NotFound."""
    found = await rights.lock_decided(tx, journey_id, stage)
    journey = domain.correct_stage(found.journey, stage, reason, tx.caller.organisation_id)
    await journeys.save(tx, journey)
    return journey
