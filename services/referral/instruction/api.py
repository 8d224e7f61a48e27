"""The list of instructions for regions and their organisations."""

from typing import Annotated

from fastapi import Query

from services.referral.instruction import service
from services.referral.instruction.store import Instruction
from shared.command import CurrentTx, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import MESO, allows, roles

router_queries = queries("instructions")


@router_queries.get("/instructions")
@allows(roles(*MESO, "region"))
async def list_instructions(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[Instruction]:
    """Instructions that ask your regions, or the region of your organisation. Source: mission row 002-13."""
    found = await service.list_instructions(tx, after_id(paging.cursor), paging.limit)
    return page_of(found, paging.limit, lambda item: (item.instruction_id,))
