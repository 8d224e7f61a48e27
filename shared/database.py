"""The one door to asyncpg: pools, transactions and migrations. No table of a service is named here."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
from asyncpg import Record

from shared.events import Event
from shared.events.envelope import Envelope
from shared.identity import SYSTEM, Caller

__all__ = [
    "Appended",
    "Connection",
    "Database",
    "Record",
    "Row",
    "TimedOut",
    "Transient",
    "Tx",
    "Unique",
    "Write",
    "connect",
    "connected",
    "gathered",
    "migrate",
]

Row = tuple[Any, ...]
if TYPE_CHECKING:
    Connection = asyncpg.Connection[Record]
else:
    Connection = asyncpg.Connection
Statements = tuple[str, ...]
Write = Callable[[Connection, list[Row]], Awaitable[None]]
Unique = asyncpg.UniqueViolationError

TRANSIENT_CLASSES = ("08", "40", "53", "57P", "58", "55P03", "25006")
"""With 25006: a server that became a standby refuses writes until we are led to the other."""
LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
TIMED_OUT = ("57014", "25P04")
SILENT_SECONDS = 20
"""Longer than any guard below: who has not answered by then is gone without a word, and its connection with it."""
ACQUIRE_SECONDS = 2
MIGRATE_LOCK = 7_302_001
GUARDS = {"lock_timeout": "2s", "statement_timeout": "4s", "transaction_timeout": "15s", "timezone": "UTC", "jit": "off"}


class Lent(asyncpg.Connection):
    """A connection of the pool. One lent for a single transaction is given back without a round trip: nothing outlives it.

    Source: ADR 20. Whoever needs more (session locks, settings) takes `Database.connection`, which the pool cleans.
    """

    __slots__ = ("_transacts",)

    def lend(self, transacts: bool) -> None:
        self._transacts = transacts

    def get_reset_query(self) -> str:
        return "" if self._transacts else super().get_reset_query()


class Transient(Exception):
    """The database is away or busy; the same work may succeed later. Nothing was committed, or nobody knows (delivery claim 3)."""


class TimedOut(Exception):
    """A statement or transaction ran past its guard and was rolled back."""


def gathered(rank: int) -> Callable[[Write], Write]:
    """Give a write its place among those of one transaction: lower ranks first, so that all transactions lock in one order."""

    def mark(write: Write) -> Write:
        write.__dict__["rank"] = rank
        return write

    return mark


@dataclass(frozen=True)
class Appended:
    """A fact on its way to the outbox, with what caused it."""

    stream_id: UUID
    event: Event
    correlation_id: UUID
    causation_id: UUID | None
    traceparent: str | None


@dataclass
class Tx:
    """One transaction: what it knows and what it has gathered. Written and committed by the edge, never by a service function.

    `cause` is the envelope of the event being handled, None in a command. `begun` is what the statement beside BEGIN answered.
    `ended_right`: set by a command that ends its sender's own right; its kept answer is given again all the same.
    `about`: the persons whose case relation was asked, which is asked again before the kept answer is given again.
    """

    connection: Connection
    now: datetime
    caller: Caller = SYSTEM
    correlation_id: UUID = field(default_factory=uuid4)
    traceparent: str | None = None
    cause: Envelope | None = None
    appended: list[Appended] = field(default_factory=list)
    rows: dict[Write, list[Row]] = field(default_factory=dict)
    audited: list[tuple[str, UUID | None]] = field(default_factory=list)
    begun: str = ""
    ended_right: bool = False
    about: set[UUID] = field(default_factory=set)
    defers: bool = False
    deferred: tuple[Statements, Row] = ((), ())

    async def save(self, statements: Statements, *arguments: Any) -> None:
        """Change rows whose lock is held: in a command within its last statement, elsewhere at once.

        The `statements` share the `arguments` and answer nothing; a command does not read what it saved. What was saved first is
        written first.
        """
        (earlier, values), self.deferred = self.deferred, (statements, arguments)
        if self.defers and not earlier:
            return
        self.deferred = (), ()
        if earlier:
            await self.connection.execute(together(earlier), *values)
        await self.connection.execute(together(statements), *arguments)

    def append(self, stream_id: UUID, *events: Event) -> None:
        """Remember facts for the outbox; their order within a stream is kept."""
        causation = self.cause.event_id if self.cause else None
        self.appended.extend(Appended(stream_id, event, self.correlation_id, causation, self.traceparent) for event in events)

    def gather(self, write: Write, *rows: Row) -> None:
        """Remember rows that `write(connection, rows)` puts down once, just before the last statement.

        `write` is marked with `@gathered(rank)`. A handler never reads what the same batch gathered.
        """
        self.rows.setdefault(write, []).extend(rows)

    def audit(self, action: str, subject_id: UUID | None = None) -> None:
        """Remember an audit row: who did what to whom. Written with the last statement."""
        self.audited.append((action, subject_id))

    async def write_gathered(self) -> None:
        """Put the gathered rows down in the order of their ranks."""
        for write in sorted(self.rows, key=lambda w: (w.__dict__["rank"], w.__qualname__)):
            await write(self.connection, self.rows[write])
        self.rows.clear()


@lru_cache
def together(statements: Statements, last: str = "", shift: int = 0) -> str:
    """One statement that does all of these and then `last`, a SELECT or its own list after WITH; their parameters count from `shift`."""
    moved = (re.sub(r"\$(\d+)", lambda found: f"${int(found[1]) + shift}", statement) for statement in statements)
    named = ", ".join(f"saved_{number} AS ({statement})" for number, statement in enumerate(moved))
    return f"WITH {named}{last or ' SELECT'}"


def now_utc() -> datetime:
    return datetime.now(UTC)


class Database:
    """A pool under one login. `now` is the process's clock; tests set it."""

    def __init__(self, pool: "asyncpg.Pool[Record]", now: Callable[[], datetime] = now_utc) -> None:
        self.pool = pool
        self.now = now
        # The pool gives a free connection to whoever asks at that moment: who waited longest would wait for ever.
        self._room = asyncio.Semaphore(pool.get_max_size())

    @classmethod
    async def open(cls, url: str, size: int, name: str, now: Callable[[], datetime] = now_utc) -> "Database":
        """Raises Transient when the server cannot be reached within 3 s."""
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=size,
                timeout=3,
                command_timeout=SILENT_SECONDS,
                server_settings={"application_name": name, **GUARDS},
                max_inactive_connection_lifetime=60,
                connection_class=Lent,
            )
        except LOST as error:
            raise _converted(error) from error
        return cls(pool, now)

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self.pool.close(), 2)
        except TimeoutError:
            self.pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection outside a transaction; its locks and settings end with the block. Raises Transient or TimedOut for what may pass."""
        async with self._lent(transacts=False) as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self, caller: Caller = SYSTEM, first: str = "") -> AsyncIterator[Tx]:
        """READ COMMITTED; commits when the block ends well, rolls back otherwise. `first`: a statement sent along with BEGIN."""
        async with self._lent(transacts=True) as connection:
            ended = ""
            try:
                yield Tx(connection, self.now(), caller, begun=await connection.execute(f"BEGIN;{first}"))
                ended = await connection.execute("COMMIT")
            finally:
                if not ended:
                    await connection.execute("ROLLBACK")
            if ended != "COMMIT":  # what the server answers when a statement had failed and nobody said so
                raise RuntimeError("rolled back at COMMIT")

    @asynccontextmanager
    async def _lent(self, transacts: bool) -> AsyncIterator[Connection]:
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS) as waiting, self._room, self.pool.acquire() as connection:
                waiting.reschedule(None)
                connection.lend(transacts)  # type: ignore[attr-defined]
                yield connection  # type: ignore[misc]
        except LOST as error:
            task = asyncio.current_task()
            if task and task.cancelling():  # cleaning up failed too: who was told to end is told that, or it would go on for ever
                raise asyncio.CancelledError from error
            raise _converted(error) from error


def _converted(error: Exception) -> Exception:
    state = getattr(error, "sqlstate", None) or ""
    if isinstance(error, asyncpg.InvalidCachedStatementError):  # a migration changed the table; the next statement is prepared anew
        return Transient(state)
    if state.startswith(TIMED_OUT):
        return TimedOut(state)
    if state and not state.startswith(TRANSIENT_CLASSES):
        return error
    return Transient(state or type(error).__name__)


async def connect(url: str) -> Connection:
    """A single connection, for tools that are not a service: provisioning, tests."""
    connection: Connection = await asyncpg.connect(url, timeout=3)
    return connection


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """The same, closed afterwards. Raises Transient or TimedOut for what may pass."""
    try:
        connection = await connect(url)
        try:
            yield connection
        finally:
            await connection.close()
    except LOST as error:
        raise _converted(error) from error


async def migrate(url: str, folders: Sequence[tuple[str, Path]]) -> list[str]:
    """Apply each folder's `NNNN_*.sql` in order, each once, each in its own transaction; answers what was applied.

    Runs under an advisory lock, so that several may start at once. `folders` pairs a name with its path, floor first.
    """
    connection = await connect(url)
    try:
        await connection.execute("SET lock_timeout = '5s'")
        await connection.execute("SELECT pg_advisory_lock($1)", MIGRATE_LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migration"
            " (folder text, name text, applied_at timestamptz DEFAULT clock_timestamp(), PRIMARY KEY (folder, name))"
        )
        done = {(row["folder"], row["name"]) for row in await connection.fetch("SELECT folder, name FROM migration")}
        files = [(folder, name, sql) for folder, name, sql in _files(folders) if (folder, name) not in done]
        return [name for folder, name, sql in files if await _apply(connection, folder, name, sql)]
    finally:
        await connection.close()


def _files(folders: Sequence[tuple[str, Path]]) -> Iterable[tuple[str, str, str]]:
    return ((folder, file.name, file.read_text()) for folder, path in folders for file in sorted(path.glob("[0-9][0-9][0-9][0-9]_*.sql")))


async def _apply(connection: Connection, folder: str, name: str, sql: str) -> bool:
    async with connection.transaction():
        await connection.execute(sql)
        await connection.execute("INSERT INTO migration (folder, name) VALUES ($1, $2)", folder, name)
    return True
