"""Routes over permissions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from services.family.channel.service import CHANNELS, ChannelName, ShownChannel
from services.family.permission import service
from services.family.permission.domain import EndedBecause, Giver, Permission, Topic
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Text

router_commands = commands("permissions")
router_queries = queries("permissions")

Topics = Annotated[tuple[Topic, ...], Field(min_length=1, max_length=6, examples=[["referral", "stage"]])]
Channels = Annotated[tuple[ChannelName, ...], Field(min_length=1, max_length=len(CHANNELS), examples=[list(CHANNELS)])]


class NewPermission(Body):
    """What the person (or a minor's guardian) lets this contact be told."""

    topics: Topics
    channels: Channels
    until: BusinessDate | None = Field(default=None, description="Last day it holds; none: until revoked")
    given_by: Giver = Field(examples=["person"])
    given_on: BusinessDate
    guardian_id: UUID | None = Field(default=None, description="The contact who gives it, or takes part, as recorded guardian")
    reason: Text | None = Field(default=None, description="Why a possible but unlikely date is right")


class Revocation(Body):
    """Nothing needs saying: revoking is one call."""


class PermissionView(BaseModel):
    id: UUID
    topics: tuple[Topic, ...]
    channels: tuple[ShownChannel, ...]
    given_by: Giver
    given_on: BusinessDate
    until: BusinessDate | None
    guardian_id: UUID | None
    revoked_at: datetime | None
    ended_because: EndedBecause | None
    level: Literal["micro"] = "micro"


@router_commands.post("/contacts/{contact_id}/permissions", status_code=201)
@allows(roles("liaison", "system", "person"))
async def give_permission(tx: CurrentTx, contact_id: UUID, body: NewPermission) -> Done:
    """Let a contact be told about topics on channels. An adult gives it alone, for a minor a recorded guardian takes part.

    The table MAY_CONSENT says so for the country. Source: mission rows 002-23, 000-24, 000-25.
    """
    permission = Permission(permission_id=uuid4(), contact_id=contact_id, recorded_at=tx.now, **body.model_dump())
    await service.give_permission(tx, permission)
    return Done(id=permission.permission_id, status="given")


@router_commands.post("/contacts/{contact_id}/permissions/{permission_id}/revocation")
@allows(roles("liaison", "system", "person"))
async def revoke_permission(tx: CurrentTx, contact_id: UUID, permission_id: UUID, body: Revocation) -> Done:
    """Revoke at once: when this is answered, no further message is claimed under it.

    `ids` are the messages it stopped. Status `revoked-some-claimed`: a sender had claimed others just before; the contact's
    messages in state `claimed` are these.
    """
    stopped = await service.revoke_permission(tx, contact_id, permission_id)
    return Done(id=permission_id, status="revoked-some-claimed" if stopped.claimed else "revoked", ids=list(stopped.stopped))


@router_queries.get("/contacts/{contact_id}/permissions")
@allows(roles("liaison", "system", "contact", "person"))
async def list_permissions(tx: CurrentTx, contact_id: UUID) -> Page[PermissionView]:
    """Every permission of a contact, ended ones too."""
    found = await service.list_permissions(tx, contact_id)
    return Page(
        items=[PermissionView(id=p.permission_id, **p.model_dump(include=set(PermissionView.model_fields))) for p in found], next=None
    )
