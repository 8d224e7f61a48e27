"""Keeping which stages pathways have, and answering what a position means."""

from collections.abc import Collection

from services.referral.pathway import domain, store
from services.referral.pathway.domain import Stages
from shared.database import Tx
from shared.events.pathway import DEFAULT_PATHWAY
from shared.events.programme import JourneyOpened


async def hear(tx: Tx, event: JourneyOpened) -> None:
    """The newest version heard counts for what names no journey."""
    codes = domain.told_by(event)
    if codes is not None:
        await store.save_stages(tx, event.pathway, event.version, codes)


async def stages_of(tx: Tx, pathway: str) -> Stages:
    return (await list_stages(tx, [pathway]))[pathway]


async def list_stages(tx: Tx, pathways: Collection[str]) -> dict[str, Stages]:
    """Of each of them, heard of or not."""
    codes = await store.list_codes(tx, pathways)
    return {pathway: Stages(pathway, codes.get(pathway, ()), are_all=pathway == DEFAULT_PATHWAY) for pathway in pathways}
