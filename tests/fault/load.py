"""The load: many clients over real HTTP, each command in the ledger, asked again with its key until the answer is definite.

Which commands those are: walks.py. Faults are the rows'.
"""

import asyncio
import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random
from time import monotonic

import orjson

from tests.eventually import eventually
from tests.fault.ledger import Command, Entry, Ledger, places_of
from tests.fault.walks import Clinic, Surroundings, Walk, clinics, entered, person
from tests.fault.wire import Answer, NoAnswer, NotAsked, Wire

CLIENTS = 12
OPEN_PERSONS = 150
AWAY = 0.25
LONGEST_PAUSE = 4.0
RESOLVING_RATE = 150.0
RESOLVED_WITHIN = 90.0
RENEW_AFTER = 480.0

Principal = tuple[str, str, str]


@dataclass
class Tokens:
    """Access tokens by principal, renewed before they end."""

    port: int
    _kept: dict[Principal, tuple[float, str]] = field(default_factory=dict)

    async def of(self, command: Command) -> str:
        principal = (command.role, str(command.organisation_id or ""), command.sub)
        since, token = self._kept.get(principal, (0.0, ""))
        if not token or monotonic() - since > RENEW_AFTER:
            token = await self.issued(principal)
            self._kept[principal] = (monotonic(), token)
        return token

    async def issued(self, principal: Principal) -> str:
        names = ("role", "org", "sub")
        form = "&".join(["grant_type=client_credentials", *(f"{n}={v}" for n, v in zip(names, principal, strict=True) if v)])
        wire = Wire(self.port)
        try:
            answer = await wire.ask("POST", "/token", {"content-type": "application/x-www-form-urlencoded"}, form.encode())
            return str(answer.json()["access_token"])
        finally:
            wire.close()


@dataclass(eq=False)
class Pending:
    """A command that has no definite answer yet, and the walk that waits for it; None for one that a row sent."""

    entry: Entry
    body: bytes
    walk: Walk | None
    done: asyncio.Event | None = None
    pause: float = 0.0


@dataclass
class Load:
    """`rate`: attempts a second of all clients together. `ports`: of the services."""

    ports: Mapping[str, int]
    tokens: Tokens
    ledger: Ledger
    chance: Random
    rate: float
    counted: Counter[str] = field(default_factory=Counter)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    """Every clinic is entered and confirmed; before that a referral to it is rightly refused."""
    about: Surroundings = field(init=False)
    _queue: list[tuple[float, int, Pending]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    _away: dict[str, float] = field(default_factory=dict)
    _entering: int = 0
    _persons: int = 0
    _slot: float = 0.0
    _give_up: float = float("inf")

    def __post_init__(self) -> None:
        self.about = Surroundings(self.chance, datetime.now(UTC).date(), clinics(self.chance), self.begin)

    def begin(self, walk: Walk) -> None:
        """Start a walk beside the others."""
        self._queue_up(self._pending(next(walk), walk))

    async def send(self, command: Command, key: str = "") -> Entry:
        """One command of a row's own; returns with the definite answer. Within `under_load` only."""
        pending = self._pending(command, None, key)
        pending.done = asyncio.Event()
        self._queue_up(pending)
        await pending.done.wait()
        return pending.entry

    async def run(self) -> None:
        """Until `stopping`, and then until nothing is unknown any more."""
        async with asyncio.TaskGroup() as tasks:
            for clinic in self.about.clinics:
                self.begin(self._entered(clinic))
            for _ in range(CLIENTS):
                tasks.create_task(self._client())

    def stop(self) -> None:
        self._give_up = monotonic() + RESOLVED_WITHIN
        self.stopping.set()

    async def until_more(self, answers: int, timeout: float = 30.0) -> None:
        """Return when so many more commands were accepted than now."""
        goal = self.counted["ok"] + answers

        async def reached() -> bool:
            return self.counted["ok"] >= goal

        await eventually(reached, timeout)

    async def _client(self) -> None:
        wires = {service: Wire(port) for service, port in self.ports.items()}
        try:
            while (pending := await self._next()) is not None:
                await self._attempt(pending, wires[pending.entry.command.service])
        finally:
            for wire in wires.values():
                wire.close()

    async def _next(self) -> Pending | None:
        """The next command whose time has come; a new person where none waits. None: all is done."""
        while not (self.stopping.is_set() and (not self._queue or monotonic() > self._give_up)):
            pending = self._pick()
            if pending is None and self.entered.is_set() and not self.stopping.is_set() and self._persons < OPEN_PERSONS:
                self._persons += 1
                self.begin(self._person())
            elif pending is None:
                await pause(0.02)
            else:
                await self._take_slot()
                return pending
        return None

    def _entered(self, clinic: Clinic) -> Walk:
        self._entering += 1
        yield from entered(clinic, self.about.today)
        self._entering -= 1
        if not self._entering:
            self.entered.set()

    def _person(self) -> Walk:
        try:
            yield from person(self.about)
        finally:
            self._persons -= 1

    def _pick(self) -> Pending | None:
        """One whose time has come and whose service is not known to be away: then one client at a time tries. At the end only unknowns."""
        now = monotonic()
        while self._queue and self._queue[0][0] <= now:
            pending = heapq.heappop(self._queue)[2]
            away = self._away.get(pending.entry.command.service, 0.0)
            if self.stopping.is_set() and pending.entry.outcome != "unknown" and pending.done is None:
                continue
            if away > now:
                self._queue_up(pending, away - now)
                continue
            if away:
                self._away[pending.entry.command.service] = now + AWAY
            return pending
        return None

    async def _take_slot(self) -> None:
        rate = RESOLVING_RATE if self.stopping.is_set() else self.rate
        self._slot = max(self._slot, monotonic()) + 1 / rate
        if (wait := self._slot - monotonic()) > 0:
            await pause(wait)

    async def _attempt(self, pending: Pending, wire: Wire) -> None:
        entry = pending.entry
        command = entry.command
        headers = {
            "authorization": f"Bearer {await self.tokens.of(command)}",
            "idempotency-key": entry.key,
            "content-type": "application/json",
        }
        self.ledger.sent(entry)
        self.counted["sent"] += 1
        try:
            answer = await wire.ask(command.method, command.path, headers, pending.body)
        except (NoAnswer, NotAsked) as error:
            self._unanswered(pending, error)
        else:
            self._away.pop(command.service, None)
            self._answered(pending, answer)

    def _unanswered(self, pending: Pending, error: NoAnswer | NotAsked) -> None:
        if isinstance(error, NotAsked):
            self.counted["not asked"] += 1
            self.ledger.not_asked(pending.entry)
        else:
            self.counted["unknown"] += 1
            self.ledger.unanswered(pending.entry, str(error))
        self._away[pending.entry.command.service] = monotonic() + AWAY
        self._queue_up(pending, AWAY)

    def _answered(self, pending: Pending, answer: Answer) -> None:
        entry, told = pending.entry, float(answer.headers.get("retry-after", 0))
        if answer.status >= 500:
            if answer.status != 503 or not told:
                self.ledger.alarm(entry, answer.status)
            self.counted["away" if answer.status == 503 else "unknown"] += 1
            self.ledger.unanswered(entry, str(answer.status))
            self._queue_up(pending, told or AWAY)
        elif (answer.status == 409 and told) or (answer.status == 404 and entry.command.early) or answer.is_not_known:
            self.counted["again"] += 1
            self.ledger.later(entry, answer.status)
            pending.pause = min(max(2 * pending.pause, told or AWAY), LONGEST_PAUSE)
            self._queue_up(pending, pending.pause)
        else:
            self._definite(pending, answer)

    def _definite(self, pending: Pending, answer: Answer) -> None:
        entry, done = pending.entry, answer.json() if 200 <= answer.status < 300 else {}
        self.ledger.answered(entry, answer.status, str(done.get("id", "")), places_of(answer.headers.get("throughcare-events", "")))
        self.counted[entry.outcome] += 1
        if pending.done is not None:
            pending.done.set()
        if pending.walk is not None:
            self._go_on(pending.walk, entry)

    def _go_on(self, walk: Walk, entry: Entry) -> None:
        if self.stopping.is_set() or (entry.outcome == "refused" and not entry.command.may_fail):
            return walk.close()
        try:
            return self._queue_up(self._pending(walk.send(entry.id), walk))
        except StopIteration:
            return None

    def _pending(self, command: Command, walk: Walk | None, key: str = "") -> Pending:
        return Pending(Entry(key or str(self.about.new_id()), command), orjson.dumps(command.body), walk)

    def _queue_up(self, pending: Pending, after: float = 0.0) -> None:
        heapq.heappush(self._queue, (monotonic() + after, next(self._numbers), pending))


async def pause(seconds: float) -> None:
    """For what a schedule says, not for something to have happened."""
    try:
        await asyncio.wait_for(asyncio.Event().wait(), seconds)
    except TimeoutError:
        return
