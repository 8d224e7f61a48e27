"""The list of instructions for regions and their organisations."""

from typing import Annotated

from fastapi import Query

from services.referral.cursor import Paging, after_id, next_id
from services.referral.instruction import service
from services.referral.instruction.store import Instruction
from shared.command import CurrentTx, queries
from shared.policy import MESO, allows, roles
from shared.web import Page

router_queries = queries("instructions")


@router_queries.get("/instructions")
@allows(roles(*MESO, "region"))
async def list_instructions(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[Instruction]:
    """Instructions that ask your regions, or the region of your organisation. Source: mission row 002-13."""
    found = await service.list_instructions(tx, after_id(paging.cursor), paging.limit)
    return Page(items=found, next=next_id([i.instruction_id for i in found], paging.limit))
