"""A person's own view: to whom programme disclosed what."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from services.programme import paging
from services.programme.person import service
from shared.command import CurrentTx, queries
from shared.errors import NotFound
from shared.policy import allows, roles
from shared.web import Limit, Page, cursor_of

router_queries = queries("disclosures")


class Disclosure(BaseModel):
    disclosure_id: UUID
    journey_id: UUID
    consent_id: UUID
    to_organisation_id: UUID
    what: str
    disclosed_at: datetime


@router_queries.get("/persons/{person_id}/disclosures")
@allows(roles("person"))
async def list_disclosures(
    tx: CurrentTx, person_id: UUID, cursor: Annotated[str | None, Query(max_length=500)] = None, limit: Limit = 50
) -> Page[Disclosure]:
    """The person's own list; anybody else's looks absent. Source: privacy section 4."""
    if tx.caller.sub != str(person_id):
        raise NotFound("person")
    rows = await service.list_disclosures(tx, person_id, paging.after(cursor), limit + 1)
    tx.audit("read-disclosures", person_id)
    shown = [Disclosure.model_validate(dict(row)) for row in rows[:limit]]
    return Page[Disclosure](items=shown, next=cursor_of(str(shown[-1].disclosure_id)) if len(rows) > limit else None)
