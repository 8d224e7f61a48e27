"""Reading persons, and the list of what was shown of them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.referral.disclosure import service
from services.referral.disclosure.domain import Disclosure, PersonView
from services.referral.person.domain import CategoryEntry
from shared.command import CurrentTx, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles

router_queries = queries("persons")


@router_queries.get("/persons")
@allows(roles("coordinator", "clinician", "system"))
async def list_persons(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[PersonView]:
    """The persons your organisation registered."""
    items = await service.list_persons(tx, after_id(paging.cursor), paging.limit)
    return page_of(items, paging.limit, lambda item: (item.id,))


@router_queries.get("/persons/{person_id}")
@allows(roles("coordinator", "clinician", "system", "person"))
async def show_person(tx: CurrentTx, person_id: UUID) -> PersonView:
    """One person; who it is only for its own organisation, itself, and under a valid consent."""
    return await service.show_person(tx, person_id)


@router_queries.get("/persons/{person_id}/categories")
@allows(roles("coordinator", "clinician", "system", "person"))
async def list_category_entries(tx: CurrentTx, person_id: UUID, paging: Annotated[Paging, Query()]) -> Page[CategoryEntry]:
    """What was said of the person's categories, also what was taken back. Who may not see who the person is sees its own entries."""
    items = await service.list_category_entries(tx, person_id, after_id(paging.cursor), paging.limit)
    return page_of(items, paging.limit, lambda item: (item.category_entry_id,))


@router_queries.get("/persons/{person_id}/disclosures")
@allows(roles("coordinator", "system", "person"))
async def list_disclosures(tx: CurrentTx, person_id: UUID, paging: Annotated[Paging, Query()]) -> Page[Disclosure]:
    """To whom the person was shown, when and under which consent."""
    items = await service.list_disclosures(tx, person_id, after_id(paging.cursor), paging.limit)
    return page_of(items, paging.limit, lambda item: (item.disclosure_id,))
