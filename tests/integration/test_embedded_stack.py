"""The embedded servers themselves: they really start, really answer, and leave nothing behind however they end."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest
from asyncpg import InsufficientPrivilegeError

from deploy.embedded import child
from deploy.embedded.parts import Parts, start_parts
from deploy.embedded.ports import free_port
from deploy.embedded.supervisor import Member, Supervisor
from deploy.postgres.logins import LOGINS, SERVICES, address, new_passwords
from deploy.postgres.provision import provision
from shared.database import connect
from shared.kafka import Outgoing, Producer, create_topics


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    started = start_parts(tmp_path_factory.mktemp("a folder with spaces"))
    yield started
    started.stop()


def is_running(pid: int) -> bool:
    """False also for a process that ended and waits to be reaped by whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(check: Callable[[], bool]) -> bool:
    """A fact about processes, polled without sleeping: each turn waits on a short-lived child of our own."""
    ends = monotonic() + 10
    while not check() and monotonic() < ends:
        subprocess.run([sys.executable, "-I", "-S", "-c", ""], check=True)
    return check()


async def test_postgres_answers_and_kafka_takes_a_record(parts: Parts) -> None:
    connection = await connect(parts.postgres_url)
    assert await connection.fetchval("SELECT 1") == 1
    assert await connection.fetchval("SHOW max_connections") == "200"
    await connection.close()
    await create_topics(parts.kafka_bootstrap_servers, ["tried"], replication=1)
    producer = await Producer.start(parts.kafka_bootstrap_servers)
    offsets = await producer.send([Outgoing("tried", 0, b"key", b"value", [])])
    await producer.stop()
    assert offsets == [0]


async def test_each_login_may_enter_its_own_database_and_no_other(parts: Parts) -> None:
    """Source: privacy, section 3. Provisioning twice changes nothing but the passwords."""
    await provision(parts.postgres_url, new_passwords())
    passwords = new_passwords()
    await provision(parts.postgres_url, passwords)
    for login in LOGINS:
        let_in = [name for name in (*SERVICES, "postgres", "template1") if await may_enter(parts, name, login, passwords[login])]
        assert let_in == [login.rpartition("_")[0]]


async def may_enter(parts: Parts, database: str, login: str, password: str) -> bool:
    try:
        connection = await connect(address(parts.postgres_url, database, login, password))
    except InsufficientPrivilegeError:
        return False
    await connection.close()
    return True


def test_both_servers_come_back_with_their_data_after_kill_9(tmp_path: Path) -> None:
    parts = start_parts(tmp_path)
    try:
        for server in (parts.postgres, parts.kafka):
            killed, where = server.pid, server.port
            os.kill(killed, signal.SIGKILL)
            assert server.process is not None
            server.process.wait()
            server.launch()
            server.wait_ready()
            assert (server.pid != killed, server.port) == (True, where)
    finally:
        parts.stop()


def test_nothing_outlives_a_starter_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from deploy.embedded.parts import start_parts\n"
        "parts = start_parts(Path(sys.argv[1]))\n"
        "print(parts.postgres.pid, parts.kafka.pid, parts.postgres.home, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    postgres, kafka, home = done.stdout.split()
    assert until(lambda: not is_running(int(postgres)) and not is_running(int(kafka)))
    subprocess.run(["rm", "-rf", home], check=True)


def test_stop_leaves_no_process_and_no_data(tmp_path: Path) -> None:
    parts = start_parts(tmp_path)
    pids = parts.postgres.pid, parts.kafka.pid
    parts.stop()
    assert not any(is_running(pid) for pid in pids)
    assert not (parts.postgres.home / "data").exists()


def test_the_supervisor_starts_again_what_dies_and_later_each_time(tmp_path: Path) -> None:
    what = child.Launch([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "it.log")
    member = Member("it", lambda: child.launch(what), lambda: True, what.log)
    changes: list[int] = []
    supervisor = Supervisor(on_change=lambda: changes.append(1))
    supervisor.start(member)
    pauses = []
    for _ in range(3):
        assert member.process is not None
        member.process.wait()
        supervisor.tend(now := monotonic())
        assert member.again_at is not None
        pauses.append(member.again_at - now)
        supervisor.tend(member.again_at)
    supervisor.stop_all()
    assert (len(changes), pauses) == (3, sorted(pauses))
    assert pauses[0] < pauses[1] < pauses[2]


def test_what_will_not_end_is_killed(tmp_path: Path) -> None:
    program = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    what = child.Launch([sys.executable, "-c", program], tmp_path / "it.log")
    process = child.launch(what)
    child.wait_ready(process, lambda: "up" in what.log.read_text(), what.log, 10)
    child.end(process, patience=0.1)
    assert process.returncode == -signal.SIGKILL


def test_a_process_that_does_not_start_is_told_with_its_log(tmp_path: Path) -> None:
    what = child.Launch([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path / "it.log")
    with pytest.raises(child.StartFailed, match="no such thing"):
        child.wait_ready(child.launch(what), lambda: False, what.log, 10)


def test_a_taken_port_is_not_given() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port
