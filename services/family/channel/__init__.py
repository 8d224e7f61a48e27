"""Channels: the registry of the ways on which a message reaches a contact; one file a channel. What a message tells is message's."""
