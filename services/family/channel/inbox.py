"""The inbox: keeps the full text of every message for the contact to read after sign-in. Nothing is sent."""

from services.family.channel.domain import Channel

CHANNEL = Channel(name="inbox", carries=frozenset({"full"}))
