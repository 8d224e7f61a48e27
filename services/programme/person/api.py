"""A person's own view: to whom programme disclosed what."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from services.programme.person import service
from shared.command import CurrentTx, queries
from shared.errors import NotFound
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles

router_queries = queries("disclosures")


class Disclosure(BaseModel):
    """What was shown to whom. `consent_id` is null where it was shown under emergency access."""

    disclosure_id: UUID
    journey_id: UUID
    consent_id: UUID | None
    to_organisation_id: UUID
    what: str
    disclosed_at: datetime


@router_queries.get("/persons/{person_id}/disclosures")
@allows(roles("person"))
async def list_disclosures(tx: CurrentTx, person_id: UUID, paging: Annotated[Paging, Query()]) -> Page[Disclosure]:
    """The person's own list; anybody else's looks absent. Source: privacy section 4."""
    if tx.caller.own_id != person_id:
        raise NotFound("person")
    found = await service.list_disclosures(tx, person_id, after_id(paging.cursor), paging.limit)
    tx.audit("read-disclosures", person_id)
    items = [Disclosure.model_validate(dict(row)) for row in found]
    return page_of(items, paging.limit, lambda item: (item.disclosure_id,))
