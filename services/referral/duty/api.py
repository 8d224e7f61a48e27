"""The route by which a region names its duty organisation."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from services.referral.duty import service
from services.referral.region.domain import region_id
from shared.command import CurrentTx, Done, commands
from shared.policy import allows, roles
from shared.web import Body
from shared.web import Region as RegionCode

router_commands = commands("regions")


class Duty(Body):
    """`organisation_id` null: none any more."""

    organisation_id: UUID | None


@router_commands.put("/regions/{code}/duty-organisation")
@allows(roles("ministry", "region"))
async def put_duty(tx: CurrentTx, code: Annotated[RegionCode, Path(examples=["UZ-TK"])], body: Duty) -> Done:
    """Name who answers what is asked of the network in a region, or in the state. Source: mission row 001-11."""
    await service.name(tx, code, body.organisation_id)
    return Done(id=region_id(code), status="kept")
