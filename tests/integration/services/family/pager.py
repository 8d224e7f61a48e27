"""A third channel as somebody would add it: in a checkout it would stand in services/family/channel. Its server: test_channels.py."""

import asyncio

from pydantic import Field

from services.family.channel.domain import AddressRule, Channel, Outcome, Send
from shared.settings import ServiceSettings

CHANNEL = Channel(
    name="pager",
    carries=frozenset({"hint"}),
    address=AddressRule(pattern=r"^\d{4,8}$", example="4711", shortest=4, longest=8),
    answers={"TAKEN": "accepted", "BUSY": "refused"},
)


class PagerSettings(ServiceSettings):
    """Where pages go."""

    pager_host: str = "127.0.0.1"
    pager_port: int = Field(default=4711, ge=1, le=65535)
    pager_timeout_s: float = Field(default=15.0, gt=0, le=20)


def opened(own: PagerSettings) -> Send:
    """One line to the server a page, one line back."""

    async def send(address: str, subject: str, text: str) -> Outcome:
        try:
            async with asyncio.timeout(own.pager_timeout_s):
                reader, writer = await asyncio.open_connection(own.pager_host, own.pager_port)
        except OSError:
            return "refused"
        try:
            async with asyncio.timeout(own.pager_timeout_s):
                writer.write(f"{address}|{subject}|{text}\n".encode())
                await writer.drain()
                return CHANNEL.means((await reader.readline()).decode())
        except OSError:
            return "unknown"
        finally:
            writer.close()

    return send
