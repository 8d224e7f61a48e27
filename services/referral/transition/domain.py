"""Which status of a referral may follow which, and which change is taken back: two tables, and the functions that ask them. Pure.

What a change does besides is `referral/domain.py`'s.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.errors import refuse

Status = Literal[
    "draft", "requested", "accepted", "in-progress", "on-hold", "rejected", "cancelled", "completed", "failed", "entered-in-error"
]
Party = Literal["requester", "target", "deciding"]
"""requester: sent it. target: is asked, or has accepted. deciding: the person itself, or the organisation that has the person now."""
Reason = Literal[
    "not-eligible",
    "mistaken-or-duplicate",
    "no-capacity",
    "wrong-service",
    "not-engaged",
    "needs-met-otherwise",
    "moved",
    "work-or-caring",
    "died",
    "returned-to-custody",
    "could-not-contact",
    "declined-by-person",
    "higher-level-of-care-needed",
    "other",
]

REQUESTER: frozenset[Party] = frozenset({"requester"})
TARGET: frozenset[Party] = frozenset({"target"})
DECIDING: frozenset[Party] = frozenset({"deciding"})
EITHER: frozenset[Party] = REQUESTER | TARGET
ANY: frozenset[Party] = EITHER | DECIDING


class Rule(NamedTuple):
    """A transition: who may make it, and whether it needs a reason."""

    source: Status
    to: Status
    who: frozenset[Party]
    needs_reason: bool = False


RULES = (  # standards section 1
    Rule("draft", "requested", REQUESTER),
    Rule("requested", "accepted", TARGET),
    Rule("requested", "rejected", TARGET, needs_reason=True),
    Rule("requested", "cancelled", ANY, needs_reason=True),
    Rule("rejected", "requested", TARGET, needs_reason=True),  # declined by mistake, while nothing took its place
    Rule("accepted", "in-progress", TARGET),
    Rule("accepted", "completed", TARGET),
    Rule("accepted", "on-hold", TARGET, needs_reason=True),
    Rule("accepted", "failed", TARGET, needs_reason=True),
    Rule("accepted", "cancelled", ANY, needs_reason=True),
    Rule("in-progress", "completed", TARGET),
    Rule("in-progress", "on-hold", TARGET, needs_reason=True),
    Rule("in-progress", "failed", TARGET, needs_reason=True),
    Rule("in-progress", "cancelled", ANY, needs_reason=True),
    Rule("on-hold", "accepted", TARGET),  # where nothing was started before the hold
    Rule("on-hold", "in-progress", TARGET),
    Rule("on-hold", "completed", TARGET),
    Rule("on-hold", "failed", TARGET, needs_reason=True),
    Rule("on-hold", "cancelled", ANY, needs_reason=True),
    *(Rule(status, "entered-in-error", REQUESTER, needs_reason=True) for status in get_args(Status) if status != "entered-in-error"),
)

TAKEN_BACK: Mapping[Status, frozenset[Status]] = {  # by who made the change, with a reason, to how it stood before
    "accepted": frozenset({"requested"}),
    "in-progress": frozenset({"accepted"}),
    "cancelled": frozenset({"requested", "accepted", "in-progress", "on-hold"}),
    "failed": frozenset({"accepted", "in-progress", "on-hold"}),
    "completed": frozenset({"accepted", "in-progress", "on-hold"}),
}

OPEN: frozenset[Status] = frozenset({"draft", "requested", "accepted", "in-progress", "on-hold"})
TAKEN: frozenset[Status] = frozenset({"accepted", "in-progress", "on-hold"})
UNANSWERED: frozenset[Status] = frozenset({"draft", "requested"})
TURNED_DOWN: frozenset[Status] = frozenset({"rejected", "failed"})
ENDS: frozenset[Status] = frozenset({"completed", "failed", "cancelled", "entered-in-error"})
BUSINESS_STATUS: dict[Status, str] = {  # BSeR / IHE 360X
    "draft": "created",
    "requested": "created",
    "accepted": "accepted",
    "on-hold": "accepted",
    "in-progress": "event-completed",
    "rejected": "declined",
    "cancelled": "fulfilment-cancelled",
    "failed": "fulfilment-cancelled",
    "entered-in-error": "fulfilment-cancelled",
    "completed": "fulfilment-completed",
}


class Actor(BaseModel):
    """Who acts on a referral, and as which party. The system acts as both: it follows what the journey tells."""

    model_config = ConfigDict(frozen=True)

    parties: frozenset[Party]
    organisation_id: UUID | None = None
    is_system: bool = False

    @property
    def name(self) -> str:
        return "system" if self.is_system else "+".join(sorted(self.parties - DECIDING or self.parties)) or "none"


SYSTEM = Actor(parties=EITHER, is_system=True)


def rule_for(status: Status, to: Status) -> Rule | None:
    return next((rule for rule in RULES if (rule.source, rule.to) == (status, to)), None)


class Held(NamedTuple):
    """What else of a referral a transition depends on."""

    is_addressed: bool
    has_started: bool


def check_transition(status: Status, to: Status, actor: Actor, reason: Reason | None, held: Held) -> None:
    """Ask RULES. An organisation cannot decline or cancel for all others: one that is open to any is only accepted.

    What was started before a hold goes on as started. Raises Refused("status-not-possible") naming every unmet requirement.
    Source: standards section 1, mission row 002-06.
    """
    rule = None if (status, to, held.has_started) == ("on-hold", "accepted", True) else rule_for(status, to)
    refuse(
        "status-not-possible",
        {
            "possible-from-present-status": rule is None,
            "right-party": rule is not None and rule.who.isdisjoint(actor.parties),
            "reason": rule is not None and rule.needs_reason and reason is None,
            "addressed": not held.is_addressed and (to == "rejected" or (to == "cancelled" and actor.parties == TARGET)),
        },
    )


def check_taking_back(stood: Status | None, to: Status, is_by_maker: bool, reason: Reason | None) -> None:
    """A change made by mistake. `stood`: how the referral stood before it; None: no command of its own led here.

    Raises Refused("status-not-possible") naming every unmet requirement. Source: issue of corrections, section 1.
    """
    unmet = {"possible-from-present-status": stood != to, "right-party": not is_by_maker, "reason": reason is None}
    refuse("status-not-possible", unmet)


def path_to_start(status: Status) -> Sequence[Status]:
    way: tuple[Status, ...] = ("draft", "requested", "accepted", "in-progress")
    return way[way.index(status) + 1 :] if status in way else ("in-progress",)
