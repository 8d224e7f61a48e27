"""A token issuer for tests: real Ed25519 keys, a real key server on loopback, and every way of getting a token wrong. No test."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

ORGANISATION = UUID(int=7)
ISSUER = "https://issuer.test"
AUDIENCE = "toy"


def a_key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)


@dataclass
class Keys:
    """What the key server answers, and how often it was asked."""

    key: OKPKey = field(default_factory=a_key)
    url: str = ""
    asked: int = 0
    broken: bool = False

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        body = json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()
        status = b"500 Internal Server Error" if self.broken else b"200 OK"
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def a_key_server() -> AsyncIterator[Keys]:
    keys = Keys()
    server = await asyncio.start_server(keys.answer, "127.0.0.1", 0)
    keys.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks"
    async with server:
        yield keys


def claims(**changed: Any) -> dict[str, Any]:
    """A clinician's good claims with some changed; None leaves one out."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": [AUDIENCE],
        "sub": "clinician@7",
        "iat": now,
        "exp": now + 600,
        "org": str(ORGANISATION),
        "level": "meso",
        "roles": ["clinician"],
        "regions": ["UZ-TK"],
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def signed(key: OKPKey, header: dict[str, Any] | None = None, **changed: Any) -> str:
    return jwt.encode({"alg": "Ed25519", "kid": key.kid, **(header or {})}, claims(**changed), key, algorithms=["Ed25519"])


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header: Any, payload: Any, sign: Callable[[bytes], bytes] = lambda _: b"") -> str:
    """A token that no library would make."""
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(sign(text.encode()))}"


def wrong_tokens(key: OKPKey) -> dict[str, str]:
    """Malformed and foreign bearer tokens by what is wrong with them."""
    return {**_malformed(key), **_wrongly_signed(key), **_wrong_claims(key)}


def _malformed(key: OKPKey) -> dict[str, str]:
    good = signed(key)
    head, payload, signature = good.split(".")
    return {
        "empty": "",
        "one word": "token",
        "two parts": f"{head}.{payload}",
        "four parts": f"{good}.{signature}",
        "five parts, encrypted": f"{good}.{signature}.{signature}",
        "no base64": "!!!.???.***",
        "not ascii": "ä.ö.ü",
        "very long": good + "A" * 9000,
        "header no json": f"{part(b'nojson')}.{payload}.{signature}",
        "header a list": f"{part([1])}.{payload}.{signature}",
        "header a null": f"{part(None)}.{payload}.{signature}",
        "payload no json": by_hand({"alg": "Ed25519", "kid": key.kid}, b"nojson", signer(key)),
        "payload a list": by_hand({"alg": "Ed25519", "kid": key.kid}, [1], signer(key)),
        "payload a number": by_hand({"alg": "Ed25519", "kid": key.kid}, 7, signer(key)),
        "with a space": f"{good} {good}",
    }


def signer(key: OKPKey) -> Callable[[bytes], bytes]:
    """Signs raw bytes with the private key itself."""
    return lambda text: bytes(key.private_key.sign(text))  # type: ignore[union-attr]


def _wrongly_signed(key: OKPKey) -> dict[str, str]:
    good, other = signed(key), a_key()
    head, payload, signature = good.split(".")
    public = key.as_pem(private=False)
    rsa, ec = RSAKey.generate_key(2048, auto_kid=True), ECKey.generate_key("P-256", auto_kid=True)

    def with_hmac(text: bytes) -> bytes:
        return hmac.digest(public, text, hashlib.sha256)

    own = other.as_dict(private=False)
    return {
        "alg none": by_hand({"alg": "none", "kid": key.kid}, claims()),
        "alg None": by_hand({"alg": "None", "kid": key.kid}, claims()),
        "no alg": by_hand({"kid": key.kid}, claims(), signer(key)),
        "alg EdDSA": by_hand({"alg": "EdDSA", "kid": key.kid}, claims(), signer(key)),
        "the public key as a secret": by_hand({"alg": "HS256", "kid": key.kid}, claims(), with_hmac),
        "RS256": jwt.encode({"alg": "RS256", "kid": rsa.kid}, claims(), rsa),
        "ES256 under our kid": jwt.encode({"alg": "ES256", "kid": key.kid}, claims(), ec),
        "no signature": f"{head}.{payload}.",
        "signature of another": f"{head}.{payload}.{signed(other).split('.')[2]}",
        "signature cut": f"{head}.{payload}.{signature[:-4]}",
        "payload changed": f"{head}.{part(claims(roles=['operator']))}.{signature}",
        "header changed": f"{part({'alg': 'Ed25519', 'kid': key.kid, 'typ': 'JWT'})}.{payload}.{signature}",
        "another key, its own kid": signed(other),
        "another key, our kid": signed(other, {"kid": key.kid}),
        "no kid": by_hand({"alg": "Ed25519"}, claims(), signer(key)),
        "kid a number": by_hand({"alg": "Ed25519", "kid": 1}, claims(), signer(key)),
        "kid a path": signed(key, {"kid": "../../keys"}),
        "own key in the header": by_hand({"alg": "Ed25519", "kid": other.kid, "jwk": own}, claims(), signer(other)),
        "own key url in the header": by_hand({"alg": "Ed25519", "kid": other.kid, "jku": "https://evil.test"}, claims(), signer(other)),
        "crit we do not know": by_hand({"alg": "Ed25519", "kid": key.kid, "crit": ["x"], "x": 1}, claims(), signer(key)),
        "b64 false": by_hand({"alg": "Ed25519", "kid": key.kid, "crit": ["b64"], "b64": False}, claims(), signer(key)),
    }


def _wrong_claims(key: OKPKey) -> dict[str, str]:
    now = int(time.time())
    changes: dict[str, dict[str, Any]] = {
        **{f"no {name}": {name: None} for name in ("iss", "aud", "sub", "iat", "exp")},
        "another issuer": {"iss": "https://issuer.test.evil"},
        "issuer with a slash": {"iss": ISSUER + "/"},
        "issuer a list": {"iss": [ISSUER]},
        "another audience": {"aud": "referral"},
        "other audiences": {"aud": ["referral", "family"]},
        "audience a part": {"aud": "to"},
        "audience longer": {"aud": "toys"},
        "audience an object": {"aud": {"toy": 1}},
        "no audience in the list": {"aud": []},
        "expired": {"iat": now - 601, "exp": now - 1},
        "issued in the future": {"iat": now + 60, "exp": now + 120},
        "not before the future": {"nbf": now + 60},
        "nbf a text": {"nbf": "now"},
        "a life of an hour": {"exp": now + 3600},
        "a life without end": {"exp": 2**40},
        "exp a text": {"exp": str(now + 600)},
        "exp a fraction": {"exp": now + 600.5},
        "exp true": {"exp": True},
        "iat a text": {"iat": str(now)},
        "sub empty": {"sub": ""},
        "sub a number": {"sub": 7},
        "sub very long": {"sub": "s" * 201},
        "org no uuid": {"org": "clinic"},
        "org a number": {"org": 7},
        "level unknown": {"level": "root"},
        "level a list": {"level": ["meso"]},
        "roles a text": {"roles": "clinician"},
        "roles of numbers": {"roles": [1]},
        "roles an object": {"roles": {"clinician": True}},
        "regions a text": {"regions": "UZ"},
    }
    head = {"alg": "Ed25519", "kid": key.kid}
    return {name: by_hand(head, claims(**change), signer(key)) for name, change in changes.items()}
