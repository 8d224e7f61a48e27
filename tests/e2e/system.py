"""The running system as an end-to-end test sees it: HTTP calls with real tokens, and commands on the machine."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2

LISTENERS = {"programme": ("referral", "family", "monitoring")}


@dataclass
class System:
    """`described` is the content of stack.json."""

    described: dict[str, Any]
    client: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=10))
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def token(self, role: str, org: UUID | None = None, sub: str = "") -> str:
        wanted = (role, str(org or ""), sub)
        if wanted not in self.tokens:
            form = {"grant_type": "client_credentials", "role": role, "org": wanted[1], "sub": sub}
            answer = self.client.post(f"{self.described['issuer']['url']}/token", data={k: v for k, v in form.items() if v})
            self.tokens[wanted] = answer.raise_for_status().json()["access_token"]
        return self.tokens[wanted]

    def call(self, method: str, service: str, path: str, token: str, json: Any = None, key: str = "") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key or str(uuid4())}
        return self.client.request(method, self.described["services"][service]["url"] + path, headers=headers, json=json)

    def do(self, method: str, service: str, path: str, token: str, body: Any = None) -> dict[str, Any]:
        """A command that must succeed; answers its body with the places of its events under `events`."""
        answer = self.call(method, service, path, token, body)
        assert answer.status_code in (200, 201), (method, path, answer.status_code, answer.text)
        return {**answer.json(), "events": answer.headers.get("Throughcare-Events", "")}

    def seen(self, service: str, place: str) -> str:
        answer = self.call("GET", service, f"/seen/{place}", self.token("operator"))
        return str(answer.raise_for_status().json()["state"])

    def figures(self) -> dict[str, Any]:
        """What `python -m services.monitoring figures --json` says on the machine."""
        url = self.described["databases"]["monitoring"]["worker"]
        env = os.environ | {"WORKER_DATABASE_URL": url, "API_DATABASE_URL": self.described["databases"]["monitoring"]["api"]}
        command = [sys.executable, "-m", "services.monitoring", "figures", "--json"]
        found: dict[str, Any] = json.loads(subprocess.run(command, check=True, env=env, capture_output=True, text=True).stdout)
        return found
