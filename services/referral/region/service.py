"""What can be asked of the region tree."""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from services.referral.region import domain, store
from services.referral.region.domain import Region
from shared.database import Tx
from shared.errors import NotFound

FARTHEST_EAST = timedelta(hours=14)


def latest_day(tx: Tx) -> date:
    """The latest date that is today anywhere; what people enter may not lie after it."""
    return (tx.now + FARTHEST_EAST).date()


def covers(own: Iterable[str], region: str) -> bool:
    return domain.covers(own, region)


async def is_known(tx: Tx, code: str) -> bool:
    return await store.find_kind(tx, code) is not None


async def find_answering(tx: Tx, code: str) -> str | None:
    """The region, or the state, that answers for a place: a district's is the region around it. None where there is no such place."""
    return await store.find_answering(tx, code)


async def get_state(tx: Tx) -> str:
    return await store.get_state(tx)


async def save_duty(tx: Tx, code: str, organisation_id: UUID | None) -> None:
    await store.save_duty(tx, code, organisation_id)


async def list_regions(tx: Tx) -> list[Region]:
    return await store.list_regions(tx)


async def put_districts(tx: Tx, region: str, districts: list[Region]) -> None:
    """Districts are added or renamed, never removed: organisations hang on them."""
    kind = await store.find_kind(tx, region)
    if kind is None:
        raise NotFound("region")
    domain.check_districts(region, kind, districts)
    await store.save_districts(tx, region, districts)
