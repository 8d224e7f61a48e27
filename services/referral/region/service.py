"""What can be asked of the region tree."""

from datetime import date, timedelta

from services.referral.region import domain, store
from services.referral.region.domain import Region
from shared.database import Tx
from shared.errors import NotFound

FARTHEST_EAST = timedelta(hours=14)


def latest_day(tx: Tx) -> date:
    """The latest date that is today anywhere; what people enter may not lie after it."""
    return (tx.now + FARTHEST_EAST).date()


async def is_known(tx: Tx, code: str) -> bool:
    return await store.find_kind(tx, code) is not None


async def list_regions(tx: Tx) -> list[Region]:
    return await store.list_regions(tx)


async def put_districts(tx: Tx, region: str, districts: list[Region]) -> None:
    """Districts are added or renamed, never removed: organisations hang on them."""
    kind = await store.find_kind(tx, region)
    if kind is None:
        raise NotFound("region")
    domain.check_districts(region, kind, districts)
    await store.save_districts(tx, region, districts)
