"""Routes over messages: the inbox of a contact, and of a liaison for the families assigned to it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from services.family.channel.service import ShownChannel
from services.family.message import service
from services.family.message.domain import State
from services.family.message.service import Shown
from services.family.message.wording import LONGEST, WORDING, Step
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, before_id, page_of
from shared.policy import allows, roles
from shared.web import Body

router_commands = commands("messages")
router_queries = queries("messages")


class MessageView(BaseModel):
    """One notice to one contact, in the contact's language."""

    id: UUID
    contact_id: UUID
    topic: str = Field(max_length=40, examples=["stage"])
    channel: ShownChannel = Field(description="Of any but `inbox` a neutral hint goes out; the text is here only")
    state: State
    reason: str | None = Field(max_length=60)
    language: str = Field(max_length=10)
    text: str = Field(max_length=LONGEST, examples=["Step 2 of 5 has been completed."])
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None


class Sought(Paging):
    state: State | None = None


class Reading(Body):
    """Nothing needs saying."""


@router_queries.get("/messages")
@allows(roles("contact", "liaison", "system"))
async def list_messages(tx: CurrentTx, sought: Annotated[Sought, Query()]) -> Page[MessageView]:
    """Newest first. A contact sees its own, once permission was checked; a liaison all of its families with their delivery states.

    `uncertain`: it may have been sent or not; it is never sent again by itself, a person decides.
    """
    found = await service.list_messages(tx, sought.state, before_id(sought.cursor), sought.limit)
    return page_of([_view(shown) for shown in found], sought.limit, lambda item: (item.id,))


@router_queries.get("/messages/{message_id}")
@allows(roles("contact", "liaison", "system"))
async def get_message(tx: CurrentTx, message_id: UUID) -> MessageView:
    """One message of one's own or of a family one is assigned to."""
    return _view(await service.get_message(tx, message_id))


@router_commands.put("/messages/{message_id}/reading")
@allows(roles("contact"))
async def read_message(tx: CurrentTx, message_id: UUID, body: Reading) -> Done:
    """The contact has read it: one of which a hint went out is then known to be delivered."""
    message = await service.read_message(tx, message_id)
    return Done(id=message_id, status=message.state)


def _view(shown: Shown) -> MessageView:
    m = shown.message
    text = WORDING.text(m.kind, shown.language, Step(m.stage, shown.stages), shown.life_period)
    fields = m.model_dump(include=set(MessageView.model_fields))
    return MessageView(id=m.message_id, language=shown.language, text=text, **fields)
