"""May they: every route names one policy function over the caller. The case relation is checked where the object is loaded."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from shared.identity import Caller

Policy = Callable[[Caller], bool]
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

MESO = frozenset({"registrar", "coordinator", "clinician", "trainer", "system"})
MICRO = frozenset({"liaison", "safeguarding", "contact", "person"})
MACRO = frozenset({"analyst", "ministry", "region"})
EVERYBODY = MESO | MICRO | MACRO
"""Whoever works with the network, and the persons themselves; not operators."""
ROLES = EVERYBODY | {"operator"}


class Forbidden(Exception):
    """The caller is known and has no role for this route."""


def roles(*names: str) -> Policy:
    """A policy that lets through whoever holds one of these roles at that role's own level; meso roles need an organisation."""
    wanted = frozenset(names)
    if unknown := wanted - ROLES:
        raise ValueError(f"no such role: {sorted(unknown)}")

    def holds_role(caller: Caller) -> bool:
        held = caller.roles & wanted
        if caller.organisation_id is None:
            held -= MESO
        return any(_level_of(role) == caller.level for role in held)

    return holds_role


@lru_cache(maxsize=10_000)
def at_own_level(caller: Caller) -> Caller:
    """The caller with the roles that count at its level: one of another level opens nothing, nor helps one that does.

    Source: privacy section 1, contracts section 1.
    """
    return replace(caller, roles=frozenset(role for role in caller.roles & ROLES if _level_of(role) == caller.level))


def _level_of(role: str) -> str:
    return "meso" if role in MESO else "micro" if role in MICRO else "macro" if role in MACRO else "none"


def allows(policy: Policy) -> Callable[[Endpoint], Endpoint]:
    """Name an endpoint's policy. A route class refuses to be built without it."""

    def name(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["policy"] = policy
        return endpoint

    return name


def policy_of(endpoint: Callable[..., Any]) -> Policy:
    """Raises TypeError for an endpoint that names no policy: the build fails."""
    policy: Policy | None = getattr(endpoint, "policy", None)
    if policy is None:
        raise TypeError(f"{endpoint.__module__}.{endpoint.__qualname__} names no policy")
    return policy


def check(policy: Policy, caller: Caller) -> None:
    """Raises Forbidden."""
    if not policy(caller):
        raise Forbidden
