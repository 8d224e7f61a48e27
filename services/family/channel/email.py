"""E-mail, and the one door to aiosmtplib: hands one neutral e-mail to the mail server and says what is known of it. Knows no database."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import aiosmtplib
from pydantic import Field

from services.family.channel.domain import AddressRule, Channel, Outcome, Send
from shared.settings import ServiceSettings

CHANNEL = Channel(
    name="email",
    carries=frozenset({"subject", "hint"}),
    address=AddressRule(
        pattern=r"^[A-Za-z0-9_%+\-]+(\.[A-Za-z0-9_%+\-]+)*@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)+$",
        example="contact-1@example.org",
        shortest=3,
    ),
    answers={"4": "refused"},  # aiosmtplib raises for every other answer than the one that means accepted
)
UNTOLD = ""


class EmailSettings(ServiceSettings):
    """Where e-mail goes. Field names in capitals are the environment's names."""

    smtp_host: str = Field(default="127.0.0.1", description="The mail server that messages are handed to")
    smtp_port: int = Field(default=1025, ge=1, le=65535)
    smtp_timeout_s: float = Field(
        default=15.0, gt=0, le=20, description="Of connecting and of handing over each: together below a claim's 60 s"
    )
    mail_from: str = Field(default="no-reply@throughcare.invalid", description="Sender address; names no clinic and no programme")


def opened(own: EmailSettings) -> Send:
    """What sends by the mail server that the settings name."""
    return MailServer(own.smtp_host, own.smtp_port, own.mail_from, own.smtp_timeout_s).send


@dataclass(frozen=True)
class MailServer:
    """Where e-mail is handed over, and under which sender address."""

    host: str
    port: int
    sender: str
    timeout_s: float

    async def send(self, to: str, subject: str, text: str) -> Outcome:
        """One e-mail to one recipient.

        `refused`: surely not accepted (no connection, or a 4xx answer). `unknown`: a time-out, 5xx or a cut after the connection
        stood, so that nobody may send it again by itself. Source: standards section 7.
        """
        email = self._email(to, subject, text)
        client = aiosmtplib.SMTP(hostname=self.host, port=self.port, timeout=self.timeout_s)
        try:
            async with asyncio.timeout(self.timeout_s):
                await client.connect()
        except (aiosmtplib.SMTPException, OSError):
            return "refused"
        try:
            async with asyncio.timeout(self.timeout_s):
                await client.send_message(email)
        except (aiosmtplib.SMTPException, OSError) as error:
            return CHANNEL.means(_code_of(error))
        finally:
            client.close()
        return "accepted"

    def _email(self, to: str, subject: str, text: str) -> EmailMessage:
        email = EmailMessage()
        email["From"], email["To"], email["Subject"] = self.sender, to, subject
        email["Date"] = format_datetime(datetime.now(UTC))
        email["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        email["Auto-Submitted"] = "auto-generated"
        email.set_content(text)
        return email


def _code_of(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return str(max(refused.code for refused in error.recipients))
    return str(error.code) if isinstance(error, aiosmtplib.SMTPResponseException) else UNTOLD
