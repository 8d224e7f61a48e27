"""What the family service tells the others. Stream: the person. No body ever tells who the contact is.

A guardian alone is known by the random id of its contact, since a consent names who gave it.
"""

from datetime import date
from typing import Literal
from uuid import UUID

from shared.events.event import Event

Severity = Literal["mild", "severe"]
GuardianBasis = Literal["parent", "adoptive-parent", "foster-parent", "court-appointed", "guardianship-authority"]


class ConcernRaised(Event, topic="family", name="concern_raised"):
    """A sign was reported from the micro level. Source: mission row 000-08."""

    person_id: UUID
    concern_id: UUID
    severity: Severity


class ConcernRead(Event, topic="family", name="concern_read"):
    """Source: mission row OUR-05."""

    person_id: UUID
    concern_id: UUID


class ConcernAnswered(Event, topic="family", name="concern_answered"):
    person_id: UUID
    concern_id: UUID


class ConcernEscalated(Event, topic="family", name="concern_escalated"):
    """Unanswered past its clock: treated as severe. Source: mission row 000-10."""

    person_id: UUID
    concern_id: UUID


class ConcernWithdrawn(Event, topic="family", name="concern_withdrawn"):
    """A concern that was told was entered in error, such as for the wrong person: it waits for nobody. Source: issue of corrections."""

    person_id: UUID
    concern_id: UUID


class MessageDelivered(Event, topic="family", name="message_delivered"):
    person_id: UUID
    message_id: UUID
    reason: str | None = None


class MessageSuppressed(Event, topic="family", name="message_suppressed"):
    """No permission when it was claimed; reason is a code of standards section 7."""

    person_id: UUID
    message_id: UUID
    reason: str


class GuardianNamed(Event, topic="family", name="guardian_named"):
    """A contact is guardian of a minor from now on; `until` is the last day, None: until majority. Source: mission rows 000-24, 000-25."""

    person_id: UUID
    contact_id: UUID
    basis: GuardianBasis
    until: date | None


class GuardianEnded(Event, topic="family", name="guardian_ended"):
    """The contact is guardian no more: it was ended, its last day is over, or the person came of age."""

    person_id: UUID
    contact_id: UUID


class ConcernSigned(Event, topic="family.restricted", name="concern_signed"):
    """The signs of a concern as codes. Source: mission rows 000-08..14."""

    person_id: UUID
    concern_id: UUID
    signs: tuple[str, ...]


class SupportScored(Event, topic="family.restricted", name="support_scored"):
    """Who supported, how, how often in the month. Source: mission row 002-25."""

    person_id: UUID
    relation: str
    kind: str
    times: int
