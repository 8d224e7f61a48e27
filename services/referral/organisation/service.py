"""What can be asked of the network registry. An organisation changes its own entry only."""

from datetime import date
from uuid import UUID

from services.referral.organisation import domain, store
from services.referral.organisation.domain import Filters, Organisation
from services.referral.region import service as regions
from services.referral.settings import settings
from shared.database import Tx
from shared.errors import NotFound


async def put_organisation(tx: Tx, organisation: Organisation) -> None:
    """Replace the entry; the dated position stays. Source: mission row 002-10."""
    tx.caller.must_be_one_of("organisation", organisation.organisation_id)
    domain.check_entry(organisation, await regions.is_known(tx, organisation.region), regions.latest_day(tx))
    await store.save_organisation(tx, organisation)
    await store.save_services(tx, organisation)
    tx.append(organisation.organisation_id, organisation.changed())


async def put_places(tx: Tx, organisation_id: UUID, place: tuple[int, str | None], free: int, as_of: date) -> None:
    """Places free as of a day; an older count never replaces a newer one. Raises NotFound for a stage not offered."""
    tx.caller.must_be_one_of("organisation", organisation_id)
    await store.lock_organisation(tx, organisation_id)
    organisation = await get_organisation(tx, organisation_id)
    if not any(s.stage == place[0] and place[1] in (None, s.programme) for s in organisation.services):
        raise NotFound("service")
    domain.check_places(as_of, regions.latest_day(tx))
    await store.save_places(tx, organisation_id, place, free, as_of)


async def confirm_position(tx: Tx, organisation_id: UUID, confirmed_on: date) -> None:
    """The common position of the network, dated. Source: mission row 002-40."""
    tx.caller.must_be_one_of("organisation", organisation_id)
    await store.lock_organisation(tx, organisation_id)
    domain.check_position(confirmed_on, regions.latest_day(tx))
    await store.save_position(tx, organisation_id, confirmed_on)


async def get_organisation(tx: Tx, organisation_id: UUID) -> Organisation:
    organisation = await store.find_organisation(tx, organisation_id)
    if organisation is None:
        raise NotFound("organisation")
    return organisation


async def find_organisation(tx: Tx, organisation_id: UUID | None) -> Organisation | None:
    return await store.find_organisation(tx, organisation_id) if organisation_id else None


async def list_organisations(tx: Tx, after: UUID, sought: Filters, limit: int) -> list[Organisation]:
    return await store.list_organisations(tx, after, sought, limit + 1)


async def is_qualified(tx: Tx, stage: int, region: str | None, organisation_id: UUID | None = None) -> bool:
    """Active service for the stage, in the region (or hung on the state), places free or not told. Source: mission row 000-62."""
    return await store.is_qualified(tx, stage, region, organisation_id, settings().refuse_without_position)
