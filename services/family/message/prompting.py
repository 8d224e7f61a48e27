"""Contacts are prompted at intervals while a stage lasts that asks for support (mission row 002-24), by a clock for each journey.

The start itself is a message like any other. Clocks of before family knew journeys have the person as their subject, and go on so.
"""

from datetime import timedelta
from uuid import UUID

from services.family.journey import service as journeys
from services.family.journey.domain import Journey
from services.family.message import service
from services.family.person import service as persons
from services.family.settings import settings
from services.family.stay.domain import Standing
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx

# A deadline may not set its own kind anew (the runner deletes it last), so two kinds take turns.
EVEN = "contacts-prompt"
ODD = "contacts-prompt-again"


async def begin(tx: Tx, person_id: UUID, journey: Journey, stage: int) -> None:
    """The clock of a journey starts, or starts again with a new spell."""
    if not await persons.is_living(tx, person_id):
        return
    if await journeys.find_journey(tx, journey.journey_id) is None:
        await _end(tx, person_id)  # set by an earlier spell, when the person was the subject
    await _end(tx, journey.journey_id)
    await journeys.begin_asking(tx, journey, stage)
    await _set(tx, EVEN, journey.journey_id)


async def end(tx: Tx, person_id: UUID, journey: Journey, stage: int) -> None:
    """The clock ends with the last stage that asks; where the journey has none of its own, the person's ends."""
    if stage not in journey.asking:
        await _end(tx, person_id)
    elif await journeys.end_asking(tx, journey, stage):
        await _end(tx, journey.journey_id)


async def pause(tx: Tx, person_id: UUID, journey: Journey, stage: int) -> None:
    """The stage ended by a death that is not confirmed yet: nobody is prompted until it turns out to be none."""
    await _end(tx, journey.journey_id if stage in journey.asking else person_id)


async def correct(tx: Tx, journey: Journey, stage: int, before: Standing | None, standing: Standing) -> None:
    """A stay in a stage that asks stands otherwise than before, and none goes on beside it: as if it had been told so at first."""
    if standing == "open":
        await begin(tx, journey.person_id, journey, stage)
        return
    if standing == "died":
        await journeys.begin_asking(tx, journey, stage)
        await _end(tx, journey.journey_id)
    elif before not in ("completed", "left"):
        await end(tx, journey.person_id, journey, stage)
    await _stop_what_waits(tx, journey.person_id)


async def withdraw(tx: Tx, person_id: UUID, journey_id: UUID) -> None:
    """The journey was entered in error: none of its stages ever asked."""
    journey = await journeys.get_journey(tx, journey_id, person_id)
    await journeys.withdraw(tx, journey_id)
    await _end(tx, journey_id)
    await _stop_what_waits(tx, journey.person_id)


async def _stop_what_waits(tx: Tx, person_id: UUID) -> None:
    if not await journeys.list_asking(tx, person_id):
        await service.stop_prompts(tx, person_id)


async def resume(tx: Tx, person_id: UUID) -> None:
    """The death was none: the clocks of the stages that still ask start again."""
    for journey_id in await journeys.list_asking(tx, person_id):
        await _end(tx, journey_id)
        await _set(tx, EVEN, journey_id)


async def stop(tx: Tx, person_id: UUID) -> None:
    """The person is gone: the clocks of all their journeys end."""
    for subject_id in (person_id, *await journeys.list_ids(tx, person_id)):
        await _end(tx, subject_id)


async def on_even(tx: Tx, subject_id: UUID) -> None:
    await _prompt(tx, subject_id, following=ODD)


async def on_odd(tx: Tx, subject_id: UUID) -> None:
    await _prompt(tx, subject_id, following=EVEN)


async def _prompt(tx: Tx, subject_id: UUID, following: str) -> None:
    journey = await journeys.find_journey(tx, subject_id)
    person_id = journey.person_id if journey else subject_id
    if await persons.is_living(tx, person_id):
        await service.prompt(tx, person_id, journey)
        await _set(tx, following, subject_id)


async def _set(tx: Tx, kind: str, subject_id: UUID) -> None:
    await set_deadline(tx, kind, subject_id, tx.now + timedelta(days=settings().prompt_every_days))


async def _end(tx: Tx, subject_id: UUID) -> None:
    await meet_deadline(tx, EVEN, ODD, subject_id=subject_id)
