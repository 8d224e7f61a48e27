"""The list of concerns for the organisation that holds the person."""

from typing import Annotated

from fastapi import Query

from services.referral.concern import service
from services.referral.concern.service import State
from services.referral.concern.store import Concern
from shared.command import CurrentTx, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles

router_queries = queries("concerns")


class Sought(Paging):
    state: State | None = None


@router_queries.get("/concerns")
@allows(roles("coordinator", "system"))
async def list_concerns(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[Concern]:
    """Concerns about persons your organisation holds now. Signs and words stay with the family service. Source: mission row 000-08.

    Those that were entered in error are listed by `state=entered-in-error` alone.
    """
    found = await service.list_concerns(tx, after_id(sought.cursor), sought.state, sought.limit)
    return page_of(found, sought.limit, lambda item: (item.concern_id,))
