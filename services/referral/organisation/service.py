"""What can be asked of the network registry. An organisation changes its own entry only."""

from datetime import date
from uuid import UUID

from services.referral.organisation import domain, store
from services.referral.organisation.domain import Filters, Offer, Organisation
from services.referral.pathway import service as pathways
from services.referral.pathway.domain import Place, Stages
from services.referral.region import service as regions
from services.referral.settings import settings
from shared.database import Tx
from shared.errors import NotFound


async def put_organisation(tx: Tx, organisation: Organisation) -> None:
    """Replace the entry; the dated position stays. Source: mission row 002-10."""
    tx.caller.must_be_one_of("organisation", organisation.organisation_id)
    stages = await pathways.list_stages(tx, {service.pathway for service in organisation.services})
    domain.check_entry(organisation, stages, await regions.is_known(tx, organisation.region), regions.latest_day(tx))
    organisation = organisation.with_codes(stages)
    await store.save_organisation(tx, organisation)
    await store.save_services(tx, organisation)
    tx.append(organisation.organisation_id, organisation.changed())


async def put_places(tx: Tx, organisation_id: UUID, offer: Offer, free: int, as_of: date) -> None:
    """Places free as of a day; an older count never replaces a newer one. Raises NotFound for a stage not offered."""
    tx.caller.must_be_one_of("organisation", organisation_id)
    await store.lock_organisation(tx, organisation_id)
    organisation = await get_organisation(tx, organisation_id)
    named = [s for s in organisation.services if (s.pathway, s.stage) == (offer.pathway, offer.stage)]
    if not any(offer.programme in (None, s.programme) for s in named):
        raise NotFound("service")
    domain.check_places(as_of, regions.latest_day(tx))
    await store.save_places(tx, organisation_id, offer, free, as_of)


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


async def code_of(tx: Tx, pathway: str, stage: int) -> str:
    """The code by which services for the stage at this position are kept."""
    return (await pathways.stages_of(tx, pathway)).place(stage).code


async def give_codes(tx: Tx, stages: Stages) -> None:
    """The pathway was heard of: services that were entered before get its codes."""
    await store.give_codes(tx, stages)


async def is_qualified(tx: Tx, place: Place, region: str | None, organisation_id: UUID | None = None) -> bool:
    """Active service for the stage, in the region (or hung on the state), places free or not told. Source: mission row 000-62."""
    return await store.is_qualified(tx, place, region, organisation_id, settings().refuse_without_position)
