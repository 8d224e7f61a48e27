"""Routes over contacts. Every answer names the level the contact stands on: micro."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID, uuid4

from fastapi import Query
from pydantic import BaseModel, Field, model_validator

from services.family.channel.service import EMAIL, Addresses, ShownAddresses
from services.family.contact import service
from services.family.contact.domain import Contact, ErrorReason, Kind, Language, Majority, Relation
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, after_id, page_of
from shared.policy import allows, roles
from shared.web import Body, Name

router_commands = commands("contacts")
router_queries = queries("contacts")

RULE = EMAIL.address
assert RULE is not None, "e-mail is a channel that sends"
Email = Annotated[str, Field(min_length=RULE.shortest, max_length=RULE.longest, pattern=RULE.pattern, examples=[RULE.example])]


class NewContact(Body):
    """Someone of the person's circle."""

    name: Name = Field(examples=["contact 0051-0123-1"])
    relation: Relation = Field(examples=["mother"])
    kind: Kind = Field(examples=["family"])
    majority: Majority = Field(default="adult", examples=["adult"])
    language: Language = Field(default="uz-Latn", examples=["uz-Latn"])
    email: Email | None = Field(default=None, description="The address of channel `email`, as in `addresses`")
    addresses: Addresses = Field(
        default_factory=dict, description="By channel: one address each", examples=[{"email": "contact-1@example.org"}]
    )
    organisation_id: UUID | None = Field(default=None, description="A school or another organisation the contact belongs to")

    @model_validator(mode="after")
    def _says_one_address(self) -> Self:
        if self.email is not None and self.addresses.setdefault(EMAIL.name, self.email) != self.email:
            raise ValueError("two addresses of one channel")
        return self


class ErrorView(BaseModel):
    """That a contact was entered in error. `by` is the `sub` of who said so."""

    reason: ErrorReason
    at: datetime
    by: str = Field(max_length=200)
    by_organisation_id: UUID | None


class ContactView(BaseModel):
    """A contact as those see it who are assigned to the family."""

    id: UUID
    person_id: UUID
    name: str = Field(max_length=200)
    relation: str = Field(max_length=40)
    kind: Kind
    majority: Majority
    language: Language
    email: str | None = Field(max_length=254)
    addresses: ShownAddresses
    organisation_id: UUID | None
    error: ErrorView | None
    level: Literal["micro"] = "micro"


class SoughtContacts(Paging):
    entered_in_error: bool = Field(default=False, description="Those that were entered in error, in place of those that stand")


class NewLanguage(Body):
    language: Language = Field(examples=["ru"])


@router_commands.post("/persons/{person_id}/contacts", status_code=201)
@allows(roles("liaison", "system", "person"))
async def add_contact(tx: CurrentTx, person_id: UUID, body: NewContact) -> Done:
    """Add a contact to a person's circle. What it may be told is a permission of its own. Its id is also its link in `POST /concerns`.

    Role system: 409 `not-yet-known` while no news has tied its organisation to this person. Source: mission row 002-23.
    """
    made = {"contact_id": uuid4(), "person_id": person_id, "added_at": tx.now, "added_by_organisation_id": tx.caller.organisation_id}
    contact = Contact.model_validate({**made, "added_by": tx.caller.sub, **body.model_dump(exclude={"email"})})
    await service.add_contact(tx, contact)
    return Done(id=contact.contact_id, status="added")


@router_commands.put("/contacts/{contact_id}/language")
@allows(roles("liaison", "system", "contact"))
async def change_language(tx: CurrentTx, contact_id: UUID, body: NewLanguage) -> Done:
    """Choose the language of a contact's messages; those already sent keep theirs."""
    await service.change_language(tx, contact_id, body.language)
    return Done(id=contact_id, status=body.language)


@router_queries.get("/persons/{person_id}/contacts")
@allows(roles("liaison", "system", "person"))
async def list_contacts(tx: CurrentTx, person_id: UUID, sought: Annotated[SoughtContacts, Query()]) -> Page[ContactView]:
    """The circle of a person, for those assigned to the family and for the person."""
    found = await service.list_contacts(tx, person_id, sought.entered_in_error, after_id(sought.cursor), sought.limit)
    return page_of([_view(contact) for contact in found], sought.limit, lambda item: (item.id,))


@router_queries.get("/contacts/{contact_id}")
@allows(roles("liaison", "system", "contact", "person"))
async def get_contact(tx: CurrentTx, contact_id: UUID) -> ContactView:
    """One contact, for itself and for those assigned to its family."""
    contact = await service.get_contact(tx, contact_id, "read-circle")
    tx.audit("read-contact", contact.person_id)
    return _view(contact)


def _view(contact: Contact) -> ContactView:
    fields = contact.model_dump(include=set(ContactView.model_fields))
    error = ErrorView(**{name: getattr(contact, f"error_{name}") for name in ErrorView.model_fields}) if contact.error_at else None
    return ContactView(id=contact.contact_id, email=contact.addresses.get(EMAIL.name), error=error, **fields)
