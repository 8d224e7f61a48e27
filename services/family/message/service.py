"""What can be asked of messages: prepare them from facts, claim, settle, stop, list and read. Sending itself is sender.py's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args
from uuid import UUID, uuid4, uuid5

from services.family.channel import service as channels
from services.family.channel.domain import Channel, Outcome
from services.family.contact import service as contacts
from services.family.journey.domain import Journey, total
from services.family.message import domain, store
from services.family.message.domain import Message, Source, State
from services.family.person import service as persons
from services.family.person.domain import RIGHTS
from services.family.settings import settings
from shared.business_dates import today
from shared.database import Record, Tx
from shared.errors import NotFound
from shared.events import Event
from shared.events.family import MessageDelivered, MessageSuppressed


@dataclass(frozen=True)
class Claim:
    """A message that this sender, and no other, may hand over now."""

    claim_id: UUID
    message: Message
    address: str
    language: str


async def tell(tx: Tx, event: Event, asks_for_support: bool = False) -> None:
    """A fact becomes one message for each contact that has a valid permission for its topic at this moment, however often it comes.

    One indexed statement, since most persons have no contact. What is history (imported) is put into the inbox and never sent.
    Source: mission rows 002-11, 002-23; privacy section 6.
    """
    if tx.cause is None:
        raise ValueError("a fact is told where it is handled")
    await _create(tx, domain.source_of(tx.cause.event_id, event, asks_for_support))


async def tell_source(tx: Tx, source: Source) -> None:
    """The same for what another noun made of a fact."""
    await _create(tx, source)


def tell_stopped(tx: Tx, rows: Iterable[Record], reason: str) -> list[UUID]:
    """That these messages (message_id, person_id) were stopped; answers their ids."""
    ids = []
    for row in sorted(rows, key=lambda r: str(r["message_id"])):
        tx.append(row["person_id"], MessageSuppressed(person_id=row["person_id"], message_id=row["message_id"], reason=reason))
        ids.append(row["message_id"])
    return ids


async def stop_prompts(tx: Tx, person_id: UUID) -> None:
    """Nothing asks for support any more, and never should have."""
    tell_stopped(tx, await store.suppress_kind(tx, person_id, domain.PROMPT.kind, domain.CORRECTED), domain.CORRECTED)


async def prompt(tx: Tx, person_id: UUID, journey: Journey | None) -> None:
    """Remind the permitted contacts; one reminder a day and person at most, however many journeys ask. Source: mission row 002-24."""
    journey_id, pathway = (journey.journey_id, journey.pathway) if journey else (None, None)
    occasion = uuid5(person_id, f"prompt {today(tx.now, settings())}")
    await _create(tx, Source(occasion, person_id, domain.PROMPT, journey_id=journey_id, pathway=pathway))


async def tell_death(tx: Tx, person_id: UUID, journeys: Sequence[UUID]) -> None:
    """What waits stops, and one neutral text goes to who may know of stages: all that is ever sent about a dead person.

    Of one whose journeys are history nothing leaves. Source: privacy section 6.
    """
    if tx.cause is None:
        raise ValueError("a fact is told where it is handled")
    await stop_person(tx, person_id, "person-died")
    await _create(tx, Source(tx.cause.event_id, person_id, domain.DEATH, subjects=tuple(journeys)))


async def resume(tx: Tx, person_id: UUID) -> None:
    """The death was none: what it stopped waits again; the claim looks at the permission. Its own text is correction's."""
    await store.resume_person(tx, person_id, domain.STOPPED_BY_DEATH)


async def _create(tx: Tx, source: Source) -> None:
    for row in await store.insert_messages(tx, source, channels.list_sending(), channels.INBOX.name):
        if row["state"] == "delivered":
            told = MessageDelivered(person_id=row["person_id"], message_id=row["message_id"], reason=channels.INBOX.name)
            tx.append(row["person_id"], told)


async def claim_next(tx: Tx) -> tuple[bool, Claim | None]:
    """Take the message that waited longest; answers whether there was one, and the claim unless it ended here.

    The permission is locked FOR SHARE before the message and looked at again: what a committed revocation covers is suppressed.
    Source: delivery claim 4, privacy section 4.
    """
    due = await store.find_due(tx, channels.list_sending())
    if due is None:
        return False, None
    permitted = await store.lock_channels(tx, due)
    message = await store.lock_pending(tx, due.message_id)
    if message is None:
        return True, None
    if permitted and await store.is_history(tx, message):
        permitted = frozenset({channels.INBOX.name})
    return True, await _claim(tx, message, permitted)


async def _claim(tx: Tx, message: Message, permitted: frozenset[str]) -> Claim | None:
    contact = await contacts.find_unchecked(tx, message.contact_id)
    is_living = contact is not None and await persons.is_living(tx, message.person_id)
    addresses = contact.addresses if contact else {}
    claim_id = uuid4()
    decided = domain.claimed(message, _channel_for(message, permitted, addresses), is_living, claim_id, tx.now)
    await store.save_message(tx, decided)
    _announce(tx, decided)
    if contact is None or decided.state != "claimed":
        return None
    return Claim(claim_id, decided, addresses[decided.channel], contact.language)


def _channel_for(message: Message, permitted: frozenset[str], addresses: Mapping[str, str]) -> Channel | None:
    """Its own channel while that is permitted and has an address; else the inbox, if anything is left; else None."""
    usable = permitted.difference(channels.list_lacking(permitted, addresses))
    if not usable:
        return None
    return channels.get_channel(message.channel) if message.channel in usable else channels.INBOX


async def settle(tx: Tx, claim: Claim, outcome: Outcome) -> None:
    """Keep what a sending came to; nothing where a sweep has called the claim uncertain meanwhile."""
    message = await store.lock_claim(tx, claim.claim_id, claim.message.message_id)
    if message is not None:
        await store.save_message(tx, domain.settled(message, outcome, tx.now))


async def mark_uncertain(tx: Tx) -> int:
    """Claims of senders that were never heard of again: shown to a person, never sent again by themselves."""
    return await store.mark_uncertain(tx, tx.now - domain.CLAIM_UNCERTAIN)


async def stop_unpermitted(tx: Tx, contact_id: UUID, reason: str) -> list[UUID]:
    """Suppress what is pending for a contact and no permission covers any more; answers the ids. Lock the permission first."""
    return tell_stopped(tx, await store.suppress_unpermitted(tx, contact_id, reason), reason)


async def stop_person(tx: Tx, person_id: UUID, reason: str) -> list[UUID]:
    """Suppress everything pending about a person."""
    return tell_stopped(tx, await store.suppress_person(tx, person_id, reason), reason)


async def list_claimed(tx: Tx, contact_id: UUID) -> list[UUID]:
    """What a sender has claimed for this contact and not reported yet: it may still be sent."""
    return await store.list_claimed(tx, contact_id)


async def merge(tx: Tx, person_id: UUID, into_id: UUID) -> None:
    await store.save_merged(tx, person_id, into_id)


async def read_message(tx: Tx, message_id: UUID) -> Message:
    """The contact has opened it: it is delivered, whatever a server said. Raises NotFound for anybody else's."""
    contact_id = contacts.id_of(tx.caller)
    if contact_id is None:
        raise NotFound("message")
    before = await store.lock_open(tx, message_id, contact_id, domain.OPEN_TO_CONTACT)
    message = domain.read(before, tx.now)
    await store.save_message(tx, message)
    if before.state != message.state:
        _announce(tx, message)
    return message


def _announce(tx: Tx, message: Message) -> None:
    person_id, message_id = message.person_id, message.message_id
    if message.state == "delivered":
        tx.append(person_id, MessageDelivered(person_id=person_id, message_id=message_id, reason=message.channel))
    elif message.state == "suppressed":
        tx.append(person_id, MessageSuppressed(person_id=person_id, message_id=message_id, reason=message.reason or domain.NO_PERMISSION))


@dataclass(frozen=True)
class Shown:
    """A message with what its text depends on."""

    message: Message
    language: str
    life_period: str | None
    stages: int | None
    """How many its journey has; None: not known."""


async def list_messages(tx: Tx, state: State | None, before: UUID, limit: int) -> list[Shown]:
    """A contact's own inbox, or for a liaison organisation everything about its families, undelivered ones too."""
    contact_id = contacts.id_of(tx.caller)
    if contact_id is not None:
        states = [s for s in domain.OPEN_TO_CONTACT if state in (None, s)]
        rows = await store.list_of_contact(tx, contact_id, states, before, limit + 1)
    elif (organisation_id := persons.organisation_of(tx.caller)) is not None:
        states = [s for s in get_args(State) if state in (None, s)]
        rows = await store.list_of_organisation(tx, organisation_id, RIGHTS["read-case"], states, (before, limit + 1))
    else:
        rows = []
    for person_id in sorted({row["person_id"] for row in rows[:limit]}):
        tx.audit("read-messages", person_id)
    return [_shown(row) for row in rows]


async def get_message(tx: Tx, message_id: UUID) -> Shown:
    """Raises NotFound("message") for what is absent, foreign or not yet open to this contact."""
    own_id = contacts.id_of(tx.caller)
    row = await store.find_shown(tx, message_id, own_id)
    if row is None:
        raise NotFound("message")
    shown = _shown(row)
    if own_id == shown.message.contact_id:
        if shown.message.state not in domain.OPEN_TO_CONTACT:
            raise NotFound("message")
    elif not await persons.may(tx, shown.message.person_id, "read-case"):
        raise NotFound("message")
    tx.audit("read-message", shown.message.person_id)
    return shown


async def count_messages(tx: Tx) -> dict[str, dict[str, int]]:
    """Messages by topic and state, over all persons: exact, for an operator on the machine. Source: mission row 002-22."""
    counts: dict[str, dict[str, int]] = {}
    for row in await store.count_by_state(tx):
        counts.setdefault(row["topic"], {})[row["state"]] = row["messages"]
    return counts


def _shown(row: Record) -> Shown:
    message = Message.model_validate(dict(row))
    return Shown(message, row["language"], row["life_period"], total(row["stages"], message.pathway, message.stage))
