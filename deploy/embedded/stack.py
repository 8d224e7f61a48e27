"""What the embedded stack consists of and in which order it starts. Runs inside the supervisor's process; the commands are in __main__.py.

Addresses in the environment win: with POSTGRES_URL or KAFKA_BOOTSTRAP_SERVERS that part is not started.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.embedded import child, postgres
from deploy.embedded.kafka import broker
from deploy.embedded.ports import PREFERRED, free_port
from deploy.embedded.supervisor import Member, Supervisor, say
from deploy.postgres.logins import SERVICES, addresses, new_passwords

CHECKOUT = Path(__file__).parents[2]
HOST = "127.0.0.1"
# The services get logins of their own, never these.
SECRET = ("POSTGRES_URL", "OWNER_DATABASE_URL")
# Past any proxy that the environment names.
LOOPBACK = urllib.request.build_opener(urllib.request.ProxyHandler({}))
LONGEST_LOG = 20_000_000


@dataclass
class Stack:
    """Everything under one folder: data, logs and stack.json."""

    folder: Path
    durable: bool = True
    supervisor: Supervisor = field(init=False)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    databases: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(on_change=self.describe)

    @property
    def file(self) -> Path:
        return self.folder / "stack.json"

    def log_of(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"

    def start(self) -> None:
        """Returns when all four services are ready; raises StartFailed."""
        self._start_kafka()
        self._start_postgres()
        self._start_issuer()
        self._start_mail()
        self.supervisor.wait_ready(self.members[name] for name in ("postgres", "issuer", "mail") if name in self.members)
        self._provision()
        self.supervisor.wait_ready(self.members[name] for name in ("kafka",) if name in self.members)
        self._migrate()
        services = [self._start_service(service) for service in SERVICES]
        self.supervisor.wait_ready(services)
        self.describe()

    def describe(self) -> None:
        """Write stack.json whole or not at all."""
        for name, member in self.members.items():
            self.described[name] |= {"pid": member.pid, "log": str(member.log)}
        shown = {name: about for name, about in self.described.items() if name not in SERVICES}
        services = {name: self.described[name] for name in SERVICES}
        draft = self.file.with_suffix(".draft")
        draft.touch(mode=0o600)
        supervisor = {"pid": os.getpid(), "log": str(self.log_of("supervisor"))}
        draft.write_text(json.dumps({**shown, "services": services, "databases": self.databases, "supervisor": supervisor}, indent=2))
        draft.replace(self.file)

    def _add(self, member: Member, **about: object) -> Member:
        self.described[member.name], self.members[member.name] = dict(about), member
        return self.supervisor.start(member)

    def _start_kafka(self) -> None:
        given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        if given:
            self.described["kafka"] = {"bootstrap_servers": given, "pid": None, "log": None}
            return
        kafka = broker.prepare(self.folder / "kafka", self.log_of("kafka"))
        self._add(Member("kafka", kafka.launch, kafka.is_ready, kafka.log, tier=0), bootstrap_servers=kafka.bootstrap_servers)

    def _start_postgres(self) -> None:
        given = os.environ.get("POSTGRES_URL")
        if given:
            self.described["postgres"] = {"url": given, "pid": None, "log": None}
            return
        server = postgres.prepare(self.folder / "postgres", self.durable, self.log_of("postgres"))
        self._add(Member("postgres", server.launch, server.is_ready, server.log, tier=0, politely=signal.SIGINT), url=server.url)

    def _start_issuer(self) -> None:
        port = free_port(PREFERRED["issuer"])
        url = f"http://{HOST}:{port}"
        self._add(self._python("issuer", ["deploy.embedded.issuer", str(port)], lambda: answers(f"{url}/jwks")), url=url)

    def _start_mail(self) -> None:
        port = free_port()
        argv = ["deploy.embedded.mail", str(port), str(self.folder / "mail.jsonl")]
        self._add(self._python("mail", argv, lambda: accepts(port)), host=HOST, port=port)

    def _provision(self) -> None:
        from deploy.postgres.provision import provision  # brings asyncpg along, which the short commands need not load

        url, passwords = self.described["postgres"]["url"], new_passwords()
        asyncio.run(provision(url, passwords))
        self.databases = addresses(url, passwords)
        say("databases and logins ready")

    def _migrate(self) -> None:
        running = {service: child.launch(self._migration(service)) for service in SERVICES}
        for service, process in running.items():
            log = self.log_of(f"{service}-migrate")
            if not child.ended_within(process, 60.0) or process.returncode != 0:
                raise child.StartFailed(f"{service} migrate: code {process.returncode}; see {log}\n{child.last_lines(log)}")
        say("tables and topics ready")

    def _migration(self, service: str) -> child.Launch:
        env = self._environment(service) | {"OWNER_DATABASE_URL": self.databases[service]["owner"]}
        return child.Launch([sys.executable, "-m", f"services.{service}", "migrate"], self.log_of(f"{service}-migrate"), env, CHECKOUT)

    def _start_service(self, service: str) -> Member:
        port = free_port(PREFERRED[service])
        url = f"http://{HOST}:{port}"
        env = self._environment(service) | {"HTTP_PORT": str(port)}
        return self._add(self._python(service, [f"services.{service}", "all"], lambda: answers(f"{url}/readyz"), env), url=url)

    def _python(self, name: str, argv: list[str], is_ready: Callable[[], bool], env: dict[str, str] | None = None) -> Member:
        what = child.Launch([sys.executable, "-m", *argv], self.log_of(name), env or _inherited(), CHECKOUT)

        def launch() -> subprocess.Popen[bytes]:
            return child.launch(what)

        return Member(name, launch, is_ready, what.log)

    def _environment(self, service: str) -> dict[str, str]:
        mail = self.described["mail"]
        smtp = {"SMTP_HOST": mail["host"], "SMTP_PORT": str(mail["port"])} if service == "family" else {}
        return {
            **_inherited(),
            **smtp,
            "API_DATABASE_URL": self.databases[service]["api"],
            "WORKER_DATABASE_URL": self.databases[service]["worker"],
            "KAFKA_BOOTSTRAP_SERVERS": self.described["kafka"]["bootstrap_servers"],
            "KAFKA_REPLICATION": "1",
            "HTTP_HOST": HOST,
            "ISSUER": self.described["issuer"]["url"],
            "DEV_ISSUER": "true",
        }


def answers(url: str) -> bool:
    try:
        with LOOPBACK.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def accepts(port: int, host: str = HOST) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def _inherited() -> dict[str, str]:
    """Unbuffered, so that a killed process's last lines are in its log."""
    kept = {name: value for name, value in os.environ.items() if name not in SECRET}
    return kept | {"PYTHONUNBUFFERED": "1"}
