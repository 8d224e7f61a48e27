"""Routes of the region tree."""

from collections.abc import Iterable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, Field

from services.referral.region import service
from services.referral.region.domain import Region, region_id
from shared.command import CurrentTx, Done, commands, queries
from shared.policy import EVERYBODY, allows, roles
from shared.web import Body, Name
from shared.web import Region as RegionCode

router_commands = commands("regions")
router_queries = queries("regions")


class Node(BaseModel):
    """A region and what lies below it."""

    code: str = Field(examples=["UZ-TK"])
    kind: Literal["state", "region", "district"]
    name: str = Field(examples=["Toshkent shahri"])
    duty_organisation_id: UUID | None = Field(description="Answers what is asked of the network there, while it is confirmed.")
    below: list["Node"]


class Tree(BaseModel):
    roots: list[Node]


class District(Body):
    code: RegionCode = Field(examples=["UZ-TK-CHI"])
    name: Name = Field(examples=["Chilonzor"])


class Districts(Body):
    districts: list[District] = Field(min_length=1, max_length=300)


def _below(parent: str | None, regions: Iterable[Region]) -> list[Node]:
    return [
        Node(code=r.code, kind=r.kind, name=r.name, duty_organisation_id=r.duty_organisation_id, below=_below(r.code, regions))
        for r in regions
        if r.parent_code == parent
    ]


@router_queries.get("/regions")
@allows(roles(*EVERYBODY))
async def list_regions(tx: CurrentTx) -> Tree:
    """The tree: state, regions, districts. Source: mission row 002-43."""
    return Tree(roots=_below(None, await service.list_regions(tx)))


@router_commands.put("/regions/{code}/districts")
@allows(roles("ministry"))
async def put_districts(tx: CurrentTx, code: Annotated[RegionCode, Path(examples=["UZ-TK"])], body: Districts) -> Done:
    """Add or rename districts below a region."""
    districts = [Region(code=d.code, parent_code=code, kind="district", name=d.name) for d in body.districts]
    await service.put_districts(tx, code, districts)
    return Done(id=region_id(code), status="kept")
