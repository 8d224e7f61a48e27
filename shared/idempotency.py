"""Kept answers: the same command with the same key has one effect and one answer. Source: delivery.md section 2."""

import hashlib
from datetime import timedelta

from shared.database import Database, Tx
from shared.delivery.outbox import Kept
from shared.errors import Conflict, NotYetKnown, Refused
from shared.identity import Caller

CLAIM = "SELECT * FROM claim_key($1, $2)"
OPEN = "SELECT FROM claim_key({}, {}) WHERE NOT got OR request_hash IS NOT NULL"
FRESH = "SELECT 0"
EARLY = """
INSERT INTO early_command AS e (principal, request_hash, first_at) VALUES ($1, $2, $3)
ON CONFLICT (principal, request_hash) DO UPDATE SET first_at = e.first_at
RETURNING first_at <= (SELECT up_to FROM heard WHERE topic = $4) - $5::interval
"""
MAY_BE_ON_ITS_WAY = timedelta(seconds=5)
"""How long after a command first came news of what it names is waited for, once the topic is heard up to then."""


class KeyMissing(Exception):
    """A command without a usable Idempotency-Key."""


def key_of(header: str | None) -> str:
    """Raises KeyMissing unless the header holds 8 to 128 printable ASCII characters."""
    if header is None or not 8 <= len(header) <= 128 or not (header.isascii() and header.isprintable()):
        raise KeyMissing
    return header


def hash_of(method: str, path: str, body: bytes) -> bytes:
    """What makes two requests the same: SHA-256 over method, path and body."""
    return hashlib.sha256(b"\x00".join((method.encode(), path.encode(), body))).digest()


def principal_of(caller: Caller) -> str:
    """Keys of one principal are its own: the same subject of two organisations is two principals."""
    return f"{caller.sub}@{caller.organisation_id}"


def opening(caller: Caller, key: str) -> str:
    """The claim as a statement that goes along with BEGIN: it answers FRESH when the key is locked and nothing is kept for it."""
    return OPEN.format(_literal(principal_of(caller)), _literal(key))


def _literal(text: str) -> str:
    """A text as SQL made of hexadecimal digits only: no text can end it. Without the columns' collation no index would find it."""
    return f"(convert_from(decode('{text.encode().hex()}', 'hex'), 'UTF8') COLLATE \"default\")"


async def claim(tx: Tx, caller: Caller, key: str, request_hash: bytes) -> tuple[Kept, str | None] | None:
    """Lock the key for this transaction and answer what is kept for it, with the places of its events.

    Raises Conflict("key-busy") while another request with the key runs, Refused("key-reused") for another request.
    """
    if tx.begun == FRESH:
        return None
    row = await tx.connection.fetchrow(CLAIM, principal_of(caller), key)
    if row is None or not row["got"]:
        raise Conflict("key-busy", retry_after=1)
    if row["request_hash"] is None:
        return None
    if row["request_hash"] != request_hash:
        raise Refused("key-reused", ("same-request",))
    answer = row["status"], row["location"], row["answer"]
    kept = Kept(principal_of(caller), key, row["request_hash"], *answer, ended_right=row["ended_right"], about=tuple(row["about"]))
    return kept, row["events"]


async def early(database: Database, caller: Caller, request_hash: bytes, missing: NotYetKnown) -> Exception:
    """What to answer to a command that names what was not heard of: `missing` itself, or what it says otherwise.

    The moment it first came is kept in a transaction of its own, since the command's was rolled back. Another key changes nothing.
    """
    async with database.transaction(caller) as tx:
        asked = principal_of(caller), request_hash, tx.now, missing.topic, MAY_BE_ON_ITS_WAY
        is_unknown = await tx.connection.fetchval(EARLY, *asked)
    return missing.otherwise if is_unknown else missing
