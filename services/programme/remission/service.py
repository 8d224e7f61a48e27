"""The remission of a journey, from its weekly records and the relapses clinicians reported."""

from uuid import UUID

from services.programme.definition.domain import CLINICIAN_REPORT
from services.programme.relapse import service as relapses
from services.programme.remission import domain
from services.programme.remission.domain import Observed, Remission
from services.programme.right import service as rights
from services.programme.weekly import service as weekly
from shared.database import Tx

FIRST = UUID(int=0)
ALL = 1000


async def get_remission(tx: Tx, journey_id: UUID) -> Remission:
    """For who opened the journey or had a stay in it, a former holder of its own stays; raises NotFound. Source: mission row 002-26."""
    journey, found = await relapses.list_relapses(tx, journey_id, FIRST, ALL)
    reported = [Observed(on=one.known_on, use=True) for one in found if one.definition == CLINICIAN_REPORT and not one.withdrawn]
    own = {(spell.stage, spell.number) for spell in rights.own_spells(tx, await rights.get_delivered(tx, journey_id))}
    records = [record for record in await weekly.list_records(tx, journey_id) if (record.stage, record.spell) in own]
    tx.audit("read-remission", journey.person_id)
    return domain.remission([*reported, *(day for record in records for day in domain.observed_weeks(record))], tx.now.date())
