"""The registry: which channels there are, in the order in which they are tried. The only place that knows one channel from another."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from services.family.channel import email, inbox
from services.family.channel.domain import Channel, ChannelBroken, Send
from services.family.channel.email import EmailSettings


class ChannelSettings(EmailSettings):
    """The settings of all channels: each channel that has some is a base of this class."""


@dataclass(frozen=True)
class Entry:
    """A channel with what opens its sender; None for the one that keeps what it is given."""

    channel: Channel
    opened: Callable[[ChannelSettings], Send] | None = None

    def __post_init__(self) -> None:
        if self.channel.sends != (self.opened is not None):
            raise ChannelBroken(f"{self.channel.name}: a sender goes with an address rule")


CHANNELS: dict[str, Entry] = {
    entry.channel.name: entry
    for entry in (
        Entry(inbox.CHANNEL),
        Entry(email.CHANNEL, email.opened),
    )
}
"""A message takes the first sending channel of this order that is permitted and has an address, else the inbox."""
INBOX = inbox.CHANNEL
"""Keeps the text of every message, whichever channel tells of it."""
EMAIL = email.CHANNEL
"""The channel whose address has had a field of its own in the API from the beginning."""


def get_channel(name: str) -> Channel:
    return CHANNELS[name].channel


def list_sending() -> list[str]:
    """The names of the channels that send, in the order in which they are tried."""
    return [name for name, entry in CHANNELS.items() if entry.channel.sends]


def list_lacking(names: Iterable[str], addresses: Mapping[str, str]) -> list[str]:
    """Those of `names` that send and have no address among `addresses`, and those that only a newer version knows."""
    return [name for name in names if name not in CHANNELS or (get_channel(name).sends and name not in addresses)]


def senders(own: ChannelSettings) -> dict[str, Send]:
    """What sends, by the name of its channel."""
    return {name: entry.opened(own) for name, entry in CHANNELS.items() if entry.opened}


def _known(name: str) -> str:
    if name not in CHANNELS:
        raise ValueError("no such channel")
    return name


def _fitting(addresses: dict[str, Any]) -> dict[str, str]:
    """Both halves are judged here: a refusal says where a field stands, and a key would be the caller's own text."""
    for name, address in addresses.items():
        rule = CHANNELS[name].channel.address if name in CHANNELS else None
        if rule is None or not isinstance(address, str) or not rule.fits(address):
            raise ValueError("no channel with addresses, or no address of it")
    return addresses


def _list_all(schema: dict[str, Any]) -> None:
    schema["enum"] = list(CHANNELS)


def _list_each(schema: dict[str, Any]) -> None:
    rules = {name: entry.channel.address for name, entry in CHANNELS.items()}
    schema["properties"] = {
        name: {"type": "string", "pattern": rule.pattern, "minLength": rule.shortest, "maxLength": rule.longest, "examples": [rule.example]}
        for name, rule in rules.items()
        if rule
    }
    schema["additionalProperties"] = False


ShownChannel = Annotated[str, Field(json_schema_extra=_list_all)]
"""As an answer tells it: a newer version's channel, kept in the same database, breaks no answer of this one."""
ChannelName = Annotated[ShownChannel, AfterValidator(_known)]
ShownAddresses = Annotated[dict[str, str], Field(json_schema_extra=_list_each)]
"""Channel -> address."""
Addresses = Annotated[dict[str, Any], AfterValidator(_fitting), Field(json_schema_extra=_list_each)]
