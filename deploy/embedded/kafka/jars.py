"""The broker's jars: read from jgo.lock.toml, fetched once, checked by SHA-256. Where they come from is jgo's business, not ours.

To move to another Kafka: change jgo.toml, run `jgo lock` in this folder, then append log4j-slf4j-impl of log4j-core's version with its
SHA-256 by hand. Named in jgo.toml, that bridge's dependency management would pull kafka-clients down to 3.9.1 and the broker would die.
"""

import fcntl
import hashlib
import os
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("jgo.lock.toml")
THREADS = 8


class WrongJar(Exception):
    """What was fetched is not what the lock names."""


@dataclass(frozen=True)
class Jar:
    """One line of the lock; a folder of jars is laid out as Maven's own."""

    group: str
    artifact: str
    version: str
    sha256: str

    def path(self, cache: Path) -> Path:
        return cache.joinpath(*self.group.split("."), self.artifact, self.version, f"{self.artifact}-{self.version}.jar")


def locked(lock: Path = LOCK) -> list[Jar]:
    rows = tomllib.loads(lock.read_text())["dependencies"]
    return [Jar(row["groupId"], row["artifactId"], row["version"], row["sha256"]) for row in rows]


def resolve(cache: Path | None = None) -> list[Path]:
    """Every jar of the lock on this disk, sorted; fetches what is missing (about 4 s the first time)."""
    folder = cache or default_cache()
    with _one_at_a_time(folder), ThreadPoolExecutor(THREADS) as threads:
        return sorted(threads.map(lambda jar: _checked(jar, folder), locked()))


def default_cache() -> Path:
    """Shared by all checkouts of this user, so that the second clone downloads nothing."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "throughcare" / "jars"


def _checked(jar: Jar, cache: Path) -> Path:
    path = jar.path(cache)
    if path.exists() and _sha256(path) == jar.sha256:
        return path
    path.unlink(missing_ok=True)  # half a download; jgo would take it for whole
    _fetch(jar, cache)
    if _sha256(path) != jar.sha256:
        path.unlink()
        raise WrongJar(f"{path.name} is not the file that {LOCK.name} names")
    return path


def _fetch(jar: Jar, cache: Path) -> None:
    from jgo.maven import MavenContext  # 0.3 s, needed only when something is missing

    MavenContext(repo_cache=cache, local_repos=[]).project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
