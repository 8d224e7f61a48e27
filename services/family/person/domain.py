"""What a relation to a person allows in family: one table. Pure. Which relation an organisation has is the view `relation`."""

from collections.abc import Mapping
from typing import Literal

# registrar: registered the person. keeper: the same while no other organisation is holder. holder: of a journey now.
# acceptor: of a referral that is still open. liaison: assigned by somebody else. contact: the contact itself, of what is its own.
Relation = Literal["registrar", "keeper", "holder", "acceptor", "liaison", "person", "contact"]
Action = Literal[
    "read-circle",
    "change-circle",
    "choose-language",
    "name-guardian",
    "read-case",
    "assign-liaison",
    "remove-liaison",
    "withdraw-contact",
    "withdraw-concern",
]

RIGHTS: Mapping[Action, tuple[Relation, ...]] = {
    "read-circle": ("registrar", "holder", "acceptor", "liaison", "person", "contact"),
    "change-circle": ("registrar", "holder", "liaison", "person"),
    "choose-language": ("registrar", "holder", "liaison", "contact"),
    "name-guardian": ("registrar", "holder"),
    "read-case": ("keeper", "holder", "acceptor", "liaison", "contact"),
    "assign-liaison": ("keeper", "holder"),
    "remove-liaison": ("keeper", "holder", "person"),
    "withdraw-contact": ("keeper", "holder"),
    "withdraw-concern": ("keeper", "holder", "liaison"),
}
"""circle: contacts, their permissions and guardians. case: messages and concerns, which tell of journeys and referrals.

Source: privacy section 1; contracts section 3, "Rights in family".
"""
ANY: tuple[Relation, ...] = ("registrar", "holder", "acceptor", "liaison")
"""The relations by which an organisation has to do with a person at all."""
