"""The mail sink: takes every message on loopback and appends it to a file, one JSON object a line. Sends nothing on."""

import asyncio
import json
import signal
import sys
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class Sink:
    """Answers 250 once the message is in the file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content or b""
        message = message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=default)
        line = {"to": ", ".join(envelope.rcpt_tos), "subject": str(message["subject"] or ""), "body": body_of(message)}
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return "250 kept"


def body_of(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    return str(part.get_content()).strip() if part is not None else ""


async def serve(port: int, file: Path) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, ended.set)
    server = await loop.create_server(lambda: SMTP(Sink(file), hostname="localhost", enable_SMTPUTF8=True), "127.0.0.1", port)
    async with server:
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
