"""The one door to aiosmtplib: hands one neutral e-mail to the mail server and says what is known of it. Knows no database."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import aiosmtplib

from services.family.message.domain import Outcome

UNTOLD_CODE = 0


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
            return "refused" if 400 <= _code_of(error) < 500 else "unknown"
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


def _code_of(error: Exception) -> int:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return max(refused.code for refused in error.recipients)
    return error.code if isinstance(error, aiosmtplib.SMTPResponseException) else UNTOLD_CODE
