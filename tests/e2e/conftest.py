"""The embedded stack as processes, started once for all end-to-end tests, under a folder of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ADDRESSES, STARTED
from tests.e2e.system import System


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("stack")
    # What another fixture started is not what the environment asked for.
    env = {name: value for name, value in os.environ.items() if not (STARTED and name in ADDRESSES)}
    command = [sys.executable, "-m", "deploy.embedded"]
    subprocess.run([*command, "up", "--folder", str(folder), "--quick"], check=True, env=env, stdin=subprocess.DEVNULL)
    try:
        found = System(json.loads(Path(folder / "stack.json").read_text()))
        yield found
        found.client.close()
    finally:
        subprocess.run([*command, "down", "--folder", str(folder)], check=True, env=env)
