"""Relation x action: the table that every right on a person is asked of. Pure. `docs/design/contracts.md` section 4 shows it."""

from collections.abc import Collection, Mapping
from typing import Literal

Relation = Literal["person", "registrar", "registrar-without-case", "acceptor", "holder", "former-holder"]
Action = Literal[
    "read-person",
    "see-identity",
    "see-death",
    "change-categories",
    "take-back-category",
    "record-death",
    "refer-early",
    "refer",
    "follow-referral",
    "give-consent",
    "answer-consent-request",
    "list-consents",
    "revoke-consent",
    "list-disclosures",
    "take-emergency-access",
    "review-emergency-access",
]
PERSON: frozenset[Relation] = frozenset({"person"})
REGISTRARS: frozenset[Relation] = frozenset({"registrar", "registrar-without-case"})
WITH_CASE: frozenset[Relation] = frozenset({"registrar", "acceptor", "holder"})
NOW: frozenset[Relation] = REGISTRARS | WITH_CASE
ANY: frozenset[Relation] = NOW | {"former-holder"}

RIGHTS: Mapping[Action, frozenset[Relation]] = {  # issue of rights, section 1; privacy section 1
    "read-person": PERSON | ANY,
    "see-identity": PERSON | REGISTRARS,
    "see-death": PERSON | NOW,
    "change-categories": REGISTRARS | {"holder"},
    "take-back-category": frozenset({"registrar", "holder"}),
    "record-death": REGISTRARS | {"holder"},
    "refer-early": PERSON | WITH_CASE,
    "refer": PERSON | WITH_CASE - {"acceptor"},
    "follow-referral": PERSON | ANY,
    "give-consent": PERSON | NOW,
    "answer-consent-request": PERSON | ANY,
    "list-consents": PERSON | NOW,
    "revoke-consent": PERSON | ANY,
    "list-disclosures": PERSON | REGISTRARS,
    "take-emergency-access": frozenset({"holder"}),
    "review-emergency-access": PERSON | REGISTRARS,
}
"""`see-identity`: without a consent. `refer`: an acceptance alone makes no further ones; `refer-early` lets who accepted ask again.
`take-back-category`: who entered it may as well.
What else an action asks for, such as a consent or a second person, is its noun's."""


def relations_of(facts: Collection[str], is_held_elsewhere: bool) -> frozenset[Relation]:
    """The relations that facts give. A registrar has the case until another organisation holds the person. Source: privacy section 1."""
    found: set[Relation] = set()
    if "registrar" in facts:
        found.add("registrar-without-case" if is_held_elsewhere and "holder" not in facts else "registrar")
    if "acceptor" in facts:
        found.add("acceptor")
    if "holder" in facts:
        found.add("holder")
    if "former-holder" in facts:
        found.add("former-holder")
    return frozenset(found)


def may(action: Action, relations: Collection[Relation]) -> bool:
    return not RIGHTS[action].isdisjoint(relations)
