"""Who is calling: access tokens checked against the issuer's keys. What a caller may do is `policy.py`'s."""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard
from uuid import UUID

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.errors import NotFound
from shared.settings import ServiceSettings

ALGORITHM = "Ed25519"
KEYS_LIVE = 600.0
REFETCH_AFTER = 60.0
FAILED_FOR = 1.0
TOKEN_LIFE = 600
KEPT_TOKENS = 10_000

Level = Literal["macro", "meso", "micro", "none"]


class Unauthenticated(Exception):
    """No token, or one we do not accept. Says no more than that."""


class IssuerLost(Exception):
    """The issuer's keys cannot be had right now."""


@dataclass(frozen=True)
class Caller:
    """A principal as its token states it. `organisation_id` None: a person, a ministry user or an operator."""

    sub: str
    organisation_id: UUID | None = None
    level: Level = "none"
    roles: frozenset[str] = frozenset()
    regions: tuple[str, ...] = ()
    is_process: bool = False

    @property
    def fingerprint(self) -> UUID:
        """Half a SHA-256 of `sub`: two services tell by it that a person is the same, without telling who."""
        return UUID(bytes=hashlib.sha256(self.sub.encode(errors="surrogatepass")).digest()[:16])

    @property
    def own_id(self) -> UUID | None:
        """`sub` as the id that it is of a person or a contact, in whatever spelling; None where it is none."""
        try:
            return UUID(self.sub)
        except ValueError:
            return None

    def has(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    def must_be_one_of(self, kind: str, *organisation_ids: UUID | None) -> None:
        """The case relation: raises NotFound(kind) unless the caller acts for one of these (or is the process itself)."""
        if not self.is_process and (self.organisation_id is None or self.organisation_id not in organisation_ids):
            raise NotFound(kind)


SYSTEM = Caller(sub="process", is_process=True)


@dataclass
class Identity:
    """Checks tokens for one audience. Keys are kept 10 minutes; an unknown `kid` refetches at most once a minute.

    What a checked token says is kept, under its hash, until it expires or the keys are fetched anew.
    """

    issuer: str
    audience: str
    jwks_url: str
    algorithm: str = ALGORITHM
    client: httpx2.AsyncClient = field(default_factory=lambda: httpx2.AsyncClient(timeout=2))
    _keys: KeySet | None = None
    _fetched_at: float = float("-inf")
    _failed_at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _checked: dict[bytes, tuple[int, Caller]] = field(default_factory=dict)

    async def of(self, authorization: str | None) -> Caller:
        """The caller of an `Authorization` header; raises Unauthenticated, or IssuerLost when keys cannot be had."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > 8192:
            raise Unauthenticated
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        return self._kept(digest) or await self._check(digest, token)

    async def has_keys(self) -> bool:
        """Whether the issuer's keys can be had now."""
        try:
            await self._fetch()
        except IssuerLost:
            return False
        return True

    def _kept(self, digest: bytes) -> Caller | None:
        """The caller of a token checked before, while it and the keys it was checked with live."""
        expires, caller = self._checked.get(digest, (0, None))
        fresh = time.time() < expires and time.monotonic() - self._fetched_at <= KEYS_LIVE
        return caller if fresh else None

    async def _check(self, digest: bytes, token: str) -> Caller:
        try:
            kid = _header_of(token, self.algorithm)
            keys = await self._keys_for(kid)
            claims = jwt.decode(token, keys, algorithms=[self.algorithm]).claims
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unauthenticated from error
        caller = self._caller(claims)
        if len(self._checked) >= KEPT_TOKENS:
            self._checked.clear()
        self._checked[digest] = claims["exp"], caller
        return caller

    async def _keys_for(self, kid: str) -> KeySet:
        if self._must_ask(kid):  # who has a known key never waits behind who asks for an unknown one
            async with self._lock:
                if self._must_ask(kid):
                    self._keys, self._fetched_at = await self._fetch(), time.monotonic()
                    self._checked.clear()
        if self._keys is None:
            raise IssuerLost
        return self._keys

    def _must_ask(self, kid: str) -> bool:
        age = time.monotonic() - self._fetched_at
        known = self._keys is not None and any(key.kid == kid for key in self._keys.keys)
        return age > KEYS_LIVE or (not known and age > REFETCH_AFTER)

    async def _fetch(self) -> KeySet:
        if time.monotonic() - self._failed_at < FAILED_FOR:
            raise IssuerLost
        try:
            answer = await self.client.get(self.jwks_url)
            answer.raise_for_status()
            return KeySet.import_key_set(answer.json())
        except (httpx2.HTTPError, JoseError, ValueError) as error:
            self._failed_at = time.monotonic()
            raise IssuerLost from error

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        audience = claims.get("aud")
        issued, expires, now = claims.get("iat"), claims.get("exp"), time.time()
        if claims.get("iss") != self.issuer or self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise Unauthenticated
        if type(issued) is not int or type(expires) is not int or not (issued - 5 <= now < expires <= issued + TOKEN_LIFE):
            raise Unauthenticated
        if type(claims.get("nbf", 0)) is not int or claims.get("nbf", 0) > now + 5:
            raise Unauthenticated
        return caller_of(claims)


def identity_of(service: str, settings: ServiceSettings) -> Identity:
    """Whose tokens a service accepts."""
    jwks_url = settings.jwks_url or f"{settings.issuer}/jwks"
    return Identity(settings.issuer, settings.audience or service, jwks_url, settings.signature_algorithm)


def _header_of(token: str, algorithm: str) -> str:
    from joserfc.jws import extract_compact

    header = extract_compact(token.encode()).headers()
    if header.get("alg") != algorithm or "crit" in header or not isinstance(header.get("kid"), str):
        raise Unauthenticated
    return str(header["kid"])


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """The caller that checked claims describe; raises Unauthenticated for claims of another shape."""
    sub, org, level = claims.get("sub"), claims.get("org"), claims.get("level", "none")
    roles, regions = claims.get("roles", []), claims.get("regions", [])
    if not _is_code(sub) or not 0 < len(sub) <= 200 or level not in ("macro", "meso", "micro", "none"):
        raise Unauthenticated
    if not all(isinstance(names, list) and all(_is_code(n) for n in names) for names in (roles, regions)):
        raise Unauthenticated
    try:
        organisation_id = UUID(org) if org is not None else None
    except (ValueError, AttributeError, TypeError) as error:
        raise Unauthenticated from error
    return Caller(sub, organisation_id, level, frozenset(roles), tuple(regions))


def _is_code(value: object) -> TypeGuard[str]:
    """Text that the database can hold: no NUL, no half of a surrogate pair."""
    return isinstance(value, str) and value.isprintable()
