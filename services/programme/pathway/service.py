"""What can be asked of pathways: the current one, a new version, its publication and retirement. Source: mission row 002-12."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.programme.definition.domain import DEFINITIONS
from services.programme.pathway import domain, store
from services.programme.pathway.domain import Pathway, PathwayStatus
from shared.database import Record, Tx
from shared.errors import NotFound

_KEPT: dict[UUID, Pathway] = {}


async def of_journey(tx: Tx, pathway_id: UUID) -> Pathway:
    """The version a journey was opened on. Read once a process: what was published never changes."""
    if pathway_id not in _KEPT:
        _KEPT[pathway_id] = await store.get_pathway(tx, pathway_id)
    return _KEPT[pathway_id]


async def current(tx: Tx, code: str) -> Pathway:
    """The highest published version; raises NotFound."""
    pathway = await store.find_current(tx, code)
    if pathway is None:
        raise NotFound("pathway")
    return pathway


async def draft(tx: Tx, code: str, said: Sequence[Mapping[str, Any]]) -> UUID:
    """A new version, unpublished; `said` of each stage what was said. Raises Refused."""
    stages = domain.with_properties(code, said)
    domain.check_stages(code, stages, frozenset(DEFINITIONS))
    return await store.insert_pathway(tx, Pathway(code=code, version=await store.next_version(tx, code), stages=stages))


async def change_status(tx: Tx, code: str, version: int, to: PathwayStatus) -> UUID:
    """Publish or retire a version; journeys keep the version they were opened on. Raises Refused, NotFound."""
    pathway_id, status = await store.lock_status(tx, code, version)
    await store.save_status(tx, pathway_id, domain.change_status(status, to))
    return pathway_id


async def versions(tx: Tx, code: str) -> list[Record]:
    """Newest first; raises NotFound."""
    found = await store.list_versions(tx, code)
    if not found:
        raise NotFound("pathway")
    return found


async def list_pathways(tx: Tx, after: str, limit: int) -> list[Record]:
    return await store.list_pathways(tx, after, limit + 1)
