"""What can be corrected of what was recorded in a journey: lock, decide, save. Nobody else keeps these facts, so nobody is told."""

from datetime import date
from uuid import UUID

from services.programme.correction.domain import By, corrected
from services.programme.fact import domain, levels
from services.programme.fact.domain import Case
from services.programme.functioning import service as functioning
from services.programme.functioning.domain import Place
from services.programme.journey import service as journeys
from services.programme.journey.domain import Correction, Found
from services.programme.right import service as rights
from services.programme.withdrawal import service as withdrawal
from shared.database import Tx


async def withdraw_score(tx: Tx, journey_id: UUID, place: Place, reason: str) -> None:
    """A score of a level was entered in error. Raises Refused naming what hinders it, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        left, lines = levels.withdraw_score(_case(tx, found, reason), await functioning.get(tx, journey_id), place)
        await functioning.save(tx, journey_id, left)
        await _keep(tx, found, lines)


async def withdraw_day(tx: Tx, journey_id: UUID, day: date, reason: str) -> None:
    """The withdrawal score of a day was entered in error. Raises Refused, NotFound."""
    async with rights.locked(tx, journey_id) as found:
        line = domain.withdraw_day(_case(tx, found, reason), await withdrawal.find(tx, journey_id, day))
        await withdrawal.remove(tx, journey_id, day)
        await _keep(tx, found, [line])


def _case(tx: Tx, found: Found, reason: str) -> Case:
    by = By(tx.caller.organisation_id, tx.now.date(), reason)
    return Case(found.journey, rights.seen(tx, found).journey, found.pathway, by, journeys.days(tx, found))


async def _keep(tx: Tx, found: Found, lines: list[Correction]) -> None:
    """These lines of history, last of all."""
    tx.audit("correct-journey", found.journey.person_id)
    await journeys.save(tx, corrected(found.journey, *lines))
