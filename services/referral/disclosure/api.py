"""Reading persons, and the list of what was shown of them."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.referral.cursor import Paging, after_id, next_id
from services.referral.disclosure import service
from services.referral.disclosure.domain import Disclosure, PersonShown
from shared.command import CurrentTx, queries
from shared.policy import allows, roles
from shared.web import Page

router_queries = queries("persons")


@router_queries.get("/persons")
@allows(roles("coordinator", "clinician", "system"))
async def list_persons(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[PersonShown]:
    """The persons your organisation registered."""
    items = await service.list_persons(tx, after_id(paging.cursor), paging.limit)
    return Page(items=items, next=next_id([item.id for item in items], paging.limit))


@router_queries.get("/persons/{person_id}")
@allows(roles("coordinator", "clinician", "system", "person"))
async def show_person(tx: CurrentTx, person_id: UUID) -> PersonShown:
    """One person; who it is only for its own organisation, itself, and under a valid consent."""
    return await service.show_person(tx, person_id)


@router_queries.get("/persons/{person_id}/disclosures")
@allows(roles("coordinator", "system", "person"))
async def list_disclosures(tx: CurrentTx, person_id: UUID, paging: Annotated[Paging, Query()]) -> Page[Disclosure]:
    """To whom the person was shown, when and under which consent."""
    items = await service.list_disclosures(tx, person_id, after_id(paging.cursor), paging.limit)
    return Page(items=items, next=next_id([item.disclosure_id for item in items], paging.limit))
