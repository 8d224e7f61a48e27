"""The development issuer: hands an access token to whoever asks, so it listens on loopback only. Never part of a deployment.

Its key lives as long as its process. What a token may do is the services' business.
"""

import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from joserfc import jwt
from joserfc.jwk import OKPKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.postgres.logins import SERVICES
from shared.identity import ALGORITHM, TOKEN_LIFE
from shared.policy import MACRO, MESO, MICRO, ROLES


class BadRequest(Exception):
    """The token request cannot be met: an error code of RFC 6749, section 5.2, and what a person may read."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.answer = {"error": code, "error_description": description}


def level_of(role: str) -> str:
    """Source: the role table of the design's contracts, section 1."""
    return next((level for level, roles in (("macro", MACRO), ("meso", MESO), ("micro", MICRO)) if role in roles), "none")


def claims_for(form: dict[str, str], issuer: str, now: int) -> dict[str, Any]:
    """The claims of a client-credentials request; raises BadRequest."""
    if form.get("grant_type") != "client_credentials":
        raise BadRequest("unsupported_grant_type", "only client_credentials")
    role, org = form.get("role", ""), form.get("org", "")
    if role not in ROLES:
        raise BadRequest("invalid_scope", f"no such role; there are {', '.join(sorted(ROLES))}")
    return {
        "iss": issuer,
        "aud": form.get("audience", " ".join(SERVICES)).split(),
        "sub": form.get("sub") or f"{role}@{org or 'dev'}",
        "iat": now,
        "exp": now + TOKEN_LIFE,
        "level": level_of(role),
        "roles": [role],
        "regions": [region for region in form.get("regions", "").split(",") if region],
        **({"org": org} if org else {}),
    }


@dataclass
class Issuer:
    """Three endpoints around one key."""

    url: str
    key: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519", {"use": "sig", "alg": ALGORITHM}, auto_kid=True))

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.configuration),
                Route("/jwks", self.jwks),
                Route("/token", self.token, methods=["POST"]),
            ]
        )

    async def configuration(self, _: Request) -> JSONResponse:
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/jwks", "token_endpoint": f"{self.url}/token"})

    async def jwks(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def token(self, request: Request) -> JSONResponse:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode(errors="replace")).items()}
        try:
            claims = claims_for(form, self.url, int(time.time()))
        except BadRequest as refused:
            return JSONResponse(refused.answer, 400)
        token = jwt.encode({"alg": ALGORITHM, "kid": self.key.kid}, claims, self.key, algorithms=[ALGORITHM])
        return JSONResponse(
            {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_LIFE}, headers={"Cache-Control": "no-store"}
        )


def main(port: int) -> None:
    uvicorn.run(Issuer(f"http://127.0.0.1:{port}").app(), host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
