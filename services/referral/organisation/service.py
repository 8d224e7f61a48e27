"""What can be asked of the network registry. An organisation changes its own entry only, and what counts of it others confirm."""

from datetime import date
from uuid import UUID

from services.referral.organisation import domain, store
from services.referral.organisation.domain import Filters, Judgement, Offer, Organisation
from services.referral.pathway import service as pathways
from services.referral.pathway.domain import Place, Stages
from services.referral.region import service as regions
from services.referral.settings import settings
from shared.database import Tx
from shared.errors import NotFound


async def put_organisation(tx: Tx, organisation: Organisation) -> None:
    """Replace the entry; the dated position stays, and so does as what it was confirmed. Source: mission row 002-10."""
    tx.caller.must_be_one_of("organisation", organisation.organisation_id)
    stages = await pathways.list_stages(tx, {service.pathway for service in organisation.services})
    domain.check_entry(organisation, stages, await regions.is_known(tx, organisation.region), regions.latest_day(tx))
    organisation = organisation.with_codes(stages)
    await store.save_organisation(tx, organisation)
    await store.save_services(tx, organisation)
    kept = await get_organisation(tx, organisation.organisation_id)
    tx.append(kept.organisation_id, kept.changed())


async def judge(tx: Tx, organisation_id: UUID, judgement: Judgement) -> Organisation:
    """Confirm an organisation or withdraw that; the same again changes nothing and tells nothing. Source: mission rows 002-10, 002-11.

    A region confirms those entered in it, and withdraws from those confirmed in it as well; to it others do not exist.
    """
    await store.lock_organisation(tx, organisation_id)
    organisation = await get_organisation(tx, organisation_id)
    if not (oversees(tx, organisation.region) or (not judgement.confirmed and oversees(tx, organisation.that_counts().region))):
        raise NotFound("organisation")
    stages = await pathways.list_stages(tx, {pathway for pathway, _ in judgement.stages or ()})
    region = judgement.region or organisation.region
    domain.check_judgement(judgement, stages, oversees(tx, region) and await regions.is_known(tx, region))
    judged = organisation.judged(judgement, stages)
    tx.audit("confirm-organisation" if judged.confirmed else "withdraw-confirmation", organisation_id)
    if judged != organisation:
        await _save_judged(tx, judged)
    return judged


def oversees(tx: Tx, region: str) -> bool:
    """Whether the registry of a region is the caller's: the ministry's everywhere, a region's in what lies within its claims."""
    return tx.caller.has("ministry") or (tx.caller.has("region") and regions.covers(tx.caller.regions, region))


async def _save_judged(tx: Tx, organisation: Organisation) -> None:
    await store.save_confirmation(tx, organisation)
    await store.delete_confirmed_stages(tx, organisation.organisation_id)
    await store.insert_confirmed_stages(
        tx, organisation.organisation_id, organisation.confirmation.stages if organisation.confirmation else ()
    )
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


async def list_waiting(tx: Tx, after: UUID, limit: int) -> list[Organisation]:
    """Who waits for the ministry, or for a region in its regions: unconfirmed, or entered since as something else."""
    return await store.list_waiting(tx, after, None if tx.caller.has("ministry") else tx.caller.regions, limit + 1)


async def code_of(tx: Tx, pathway: str, stage: int) -> str:
    """The code by which services for the stage at this position are kept."""
    return (await pathways.stages_of(tx, pathway)).place(stage).code


async def give_codes(tx: Tx, stages: Stages) -> None:
    """The pathway was heard of: services that were entered before get its codes."""
    await store.give_codes(tx, stages)
    await store.give_codes_to_confirmed(tx, stages)


async def receives(tx: Tx, organisation_id: UUID, place: Place) -> bool:
    """Whether it may be asked by name to take a person for the stage."""
    return await store.is_confirmed_for(tx, organisation_id, place)


async def is_qualified(tx: Tx, place: Place, region: str | None, organisation_id: UUID | None = None) -> bool:
    """Confirmed for the stage and in the region (or on the state), with an active service, places free or not told.

    Source: mission row 000-62.
    """
    return await store.is_qualified(tx, place, region, organisation_id, settings().refuse_without_position)
