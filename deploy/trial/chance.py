"""Choices that look random and never change: a number made from a seed and the names of what is chosen for. Keeps no state."""

from hashlib import sha256

SEED = "throughcare-trial"


def number(below: int, *of: object) -> int:
    """A number from 0 up to, not including, `below`: the same on every machine and in every run for the same `of`."""
    digest = sha256("|".join((SEED, *map(str, of))).encode()).digest()
    return int.from_bytes(digest[:8]) % below


def one_in(many: int, *of: object) -> bool:
    """True for about one in `many`."""
    return number(many, *of) == 0
