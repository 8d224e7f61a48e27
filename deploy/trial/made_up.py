"""What no record holds, generated from a fixed seed and marked as made up: regions of sites, contacts, permissions and a few concerns.

No real data exist for the micro level. A contact is "contact-0123" with an address reserved for examples (RFC 2606); nobody gets a
person's name.
"""

from dataclasses import dataclass

from deploy.trial.chance import number, one_in
from deploy.trial.records import Person
from deploy.trial.steps import OpenJourney, StartStage, Step

MARK = "made-up"

REGIONS = ("UZ-AN", "UZ-BU", "UZ-FA", "UZ-JI", "UZ-NG", "UZ-NW", "UZ-QA", "UZ-QR", "UZ-SA", "UZ-SI", "UZ-SU", "UZ-TK", "UZ-TO", "UZ-XO")
LANGUAGES = ("uz-Latn", "ru", "en")
RELATIONS = {"mother": "family", "father": "family", "sibling": "family", "partner": "family", "teacher": "school", "mentor": "mentor"}
TOPICS = (("referral", "stage"), ("stage",), ("referral", "stage", "relapse"), ("appointment", "check-in"))
SIGNS = ("mood-swings", "lost-interest", "changed-way-of-life", "apathy")


@dataclass(frozen=True, slots=True)
class Contact:
    """Someone of a person's circle. `topics` is what the person permits; an empty one means no permission at all."""

    code: str
    relation: str
    kind: str
    language: str
    topics: tuple[str, ...]

    @property
    def email(self) -> str:
        """An address that can belong to nobody."""
        return f"{self.code}@example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddContact(Step):
    clinic: str
    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class GivePermission(Step):
    clinic: str
    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseConcern(Step):
    contact: Contact
    sign: str


def region(site: str) -> str:
    """The region of a site, an ISO 3166-2:UZ code."""
    return REGIONS[number(len(REGIONS), "region", site)]


def contact_of(person: Person) -> Contact | None:
    """About one person in five has a contact; one contact in six has no permission."""
    if not one_in(5, "contact", person.code):
        return None
    relation = list(RELATIONS)[number(len(RELATIONS), "relation", person.code)]
    return Contact(
        code=f"contact-{person.who:04d}",
        relation=relation,
        kind=RELATIONS[relation],
        language=LANGUAGES[number(len(LANGUAGES), "language", person.code)],
        topics=() if one_in(6, "no-permission", person.code) else TOPICS[number(len(TOPICS), "topics", person.code)],
    )


def with_contacts(person: Person, steps: list[Step]) -> list[Step]:
    """The steps with the made-up ones set in: contact and permission once the person is somewhere, a rare concern at the end."""
    contact = contact_of(person)
    if contact is None:
        return steps
    place = next((index for index, step in enumerate(steps) if isinstance(step, StartStage)), 1)
    opened = next(step for step in steps if isinstance(step, OpenJourney))
    day = steps[place].day
    added: list[Step] = [AddContact(day=day, clinic=opened.clinic, contact=contact)]
    if contact.topics:
        added.append(GivePermission(day=day, clinic=opened.clinic, contact=contact))
    return [*steps[: place + 1], *added, *steps[place + 1 :], *_concern(person, contact, steps[-1].day)]


def _concern(person: Person, contact: Contact, day: int) -> list[Step]:
    if not contact.topics or not one_in(12, "concern", person.code):
        return []
    return [RaiseConcern(day=day, contact=contact, sign=SIGNS[number(len(SIGNS), "sign", person.code)])]
