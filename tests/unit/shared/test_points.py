"""A process dies at the named point, the time it was told, and production refuses to be told. Source: ADR 21."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from shared import points
from shared.settings import ServiceSettings

CHECKOUT = Path(__file__).parents[3]
PRODUCTION = ("docker-compose.yml", "deploy/Dockerfile")


def walk(die_at: str, *reached: str) -> tuple[int, str]:
    """A process that is armed and then reaches these points, saying so after each; its exit code and what it said."""
    code = "import sys; from shared import points; points.arm(sys.argv[1]); [(points.reach(p), print(p, flush=True)) for p in sys.argv[2:]]"
    done = subprocess.run([sys.executable, "-c", code, die_at, *reached], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_dies_the_time_it_was_told() -> None:
    code, said = walk("after-ack:3", "after-ack", "after-mark", "after-ack", "after-mark", "after-ack", "after-mark")
    assert code == -signal.SIGKILL
    assert said.split() == ["after-ack", "after-mark", "after-ack", "after-mark"]


@pytest.mark.parametrize("die_at", ["", "after-send:9"])
def test_lives_otherwise(die_at: str) -> None:
    code, said = walk(die_at, *get_args(points.Point), "after-send")
    assert (code, len(said.split())) == (0, 7)


@pytest.mark.parametrize("point", get_args(points.Point))
def test_every_point_is_reached_somewhere_once(point: str) -> None:
    sources = [file.read_text() for folder in ("shared", "services") for file in (CHECKOUT / folder).rglob("*.py")]
    assert sum(source.count(f'points.reach("{point}")') for source in sources) == 1


@pytest.mark.parametrize(
    "die_at", ["after-commit", "after-commit:", "after-commit:0", "after-commit:-1", "after-lunch:1", ":1", "after-commit:²"]
)
def test_what_names_no_time_at_a_point_is_refused(die_at: str) -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(dev_issuer=True, die_at=die_at)


def test_only_beside_the_dev_issuer() -> None:
    assert ServiceSettings(dev_issuer=True, die_at="after-commit:7").die_at == "after-commit:7"
    with pytest.raises(ValidationError, match="DEV_ISSUER"):
        ServiceSettings(die_at="after-commit:7")


@pytest.mark.parametrize("name", PRODUCTION)
def test_production_carries_neither(name: str) -> None:
    text = (CHECKOUT / name).read_text()
    assert "DIE_AT" not in text
    assert "DEV_ISSUER" not in text
