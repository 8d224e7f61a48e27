"""Channels: how an address of one is checked, which texts it may carry, what its answers mean. Pure; which ones there are: service.py."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["accepted", "refused", "unknown", "given-up"]
"""What a sending came to. `refused`: surely not accepted, so it may be tried again. `unknown`: nobody may send it again by itself."""
Text = Literal["subject", "hint", "full"]
"""`subject` and `hint` say only that there is something to read; `full` is what the message tells."""
MAY_LEAVE: frozenset[Text] = frozenset({"subject", "hint"})
STAYS: frozenset[Text] = frozenset({"full"})

Send = Callable[[str, str, str], Awaitable[Outcome]]
"""Hands (address, subject, hint) over and returns what is known of it; a text that the channel does not carry is empty. Raises nothing."""


class ChannelBroken(ValueError):
    """A channel is described wrongly: the service does not start."""


@dataclass(frozen=True)
class AddressRule:
    """What an address of a channel looks like. `pattern` matches the whole address; lengths are in characters."""

    pattern: str
    example: str
    shortest: int = 1
    longest: int = 254

    def fits(self, address: str) -> bool:
        return self.shortest <= len(address) <= self.longest and re.fullmatch(self.pattern, address) is not None


@dataclass(frozen=True)
class Channel:
    """One way to a contact. Without an address rule nothing is sent: its messages are kept here and read after sign-in.

    `answers`: how an answer of its server begins -> what that means. Source: privacy section 6, standards section 7.
    """

    name: str
    carries: frozenset[Text]
    address: AddressRule | None = None
    answers: Mapping[str, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises ChannelBroken for a channel that would let a full text leave, or that carries nothing."""
        if not self.carries or not self.carries <= (MAY_LEAVE if self.sends else STAYS):
            raise ChannelBroken(f"{self.name}: what leaves is a subject or a hint, what stays is the full text")
        if self.address and not self.address.fits(self.address.example):
            raise ChannelBroken(f"{self.name}: the example is no address")

    @property
    def sends(self) -> bool:
        return self.address is not None

    def means(self, answer: str) -> Outcome:
        """What an answer of the channel's server means; one that is not listed is `unknown`."""
        return next((outcome for start, outcome in self.answers.items() if answer.startswith(start)), "unknown")
