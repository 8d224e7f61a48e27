"""The other commit as a folder under var/, for as long as it is needed. Nothing is installed for it."""

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.table import CHECKOUT

PLACE = CHECKOUT / "var" / "bench"
LOCK = "requirements.lock"


class NoSuchCommit(Exception):
    """This repository does not have it."""


def named(commit: str) -> str:
    """The commit's own short name. Raises NoSuchCommit."""
    asked = ["git", "rev-parse", "--quiet", "--verify", "--short=9", "--end-of-options", f"{commit}^{{commit}}"]
    found = subprocess.run(asked, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if found.returncode != 0:
        raise NoSuchCommit(commit)
    return found.stdout.strip()


@contextmanager
def unpacked(commit: str) -> Iterator[Path]:
    """The commit's files, removed afterwards."""
    PLACE.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{commit}-", dir=PLACE))
    try:
        packed = subprocess.run(["git", "archive", "--format=tar", commit], cwd=CHECKOUT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as files:
            files.extractall(folder, filter="data")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def same_dependencies(other: Path) -> bool:
    """Both run with this checkout's packages: fair only where both ask for the same."""
    return (other / LOCK).exists() and (other / LOCK).read_bytes() == (CHECKOUT / LOCK).read_bytes()
