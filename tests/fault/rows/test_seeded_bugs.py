"""The checker is itself tested: nine bugs that look right, each in real processes under load, are all caught; without them all is clean.

Source: delivery design, section 8. The bugs, and the schedules that bring them out: ../seeded.py; the schedules' own part: ../provoking.py.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from random import Random
from time import monotonic

import orjson
import pytest

from deploy.postgres.logins import SERVICES
from tests.fault import load as loading
from tests.fault.checker import Finding, check
from tests.fault.ground import Ground
from tests.fault.provoking import BY_THEMSELVES, LISTENER, PROVOKED, begin_late, come_to_rest, command, seeded_environment
from tests.fault.reading import read
from tests.fault.report import CAUGHT, Caught
from tests.fault.seeded import BUGS

OPEN_PERSONS = 20
CAUGHT_BY = {
    "id-cursor-relay": "log-complete",
    "skip-locked-relays": "effect-in-order",
    "deletes-behind-a-failure": "effect-in-order",
    "no-inbox": "effect-once-per-listener",
    "send-before-the-check": "one-message-per-contact",
    **dict.fromkeys(("offset-before-commit", "auto-commit", "latest-reset", "missing-stream-lock"), "effect-once-per-listener"),
}
SCHEDULES = (
    "latest-reset",
    "id-cursor-relay",
    "skip-locked-relays",
    "no-inbox",
    "auto-commit",
    "missing-stream-lock",
    "send-before-the-check",
)
"""One bug for each way of provoking. First the one whose listener begins late: only an empty ground has such a listener."""


@pytest.fixture(scope="module", autouse=True)
async def left_as_found(whole_ground: Ground) -> AsyncIterator[None]:
    """The row that follows begins with right services on databases made anew."""
    yield
    for name in SERVICES:
        whole_ground.services[name].argv, whole_ground.services[name].env = (), whole_ground.environment(name)
    whole_ground.is_clean = False


@pytest.mark.parametrize("like", SCHEDULES)
async def test_without_a_bug_the_same_is_clean(whole_ground: Ground, chance: Random, like: str) -> None:
    if PROVOKED[like] is begin_late or not runs(whole_ground, "none"):
        await seed(whole_ground, "none", PROVOKED[like] is begin_late)
    await whole_ground.begin_row(f"no-bug-{like}", chance)
    await provoked(whole_ground, "none", like)
    await whole_ground.judged(f"no bug, provoked as {like}", len(entries(whole_ground)), within=30)


@pytest.mark.parametrize("bug", [name for name in BUGS if name != "none"])
async def test_a_seeded_bug_is_caught(whole_ground: Ground, chance: Random, bug: str) -> None:
    began = monotonic()
    await seed(whole_ground, bug, PROVOKED[bug] is begin_late)
    await whole_ground.begin_row(f"seeded-{bug}", chance)
    await provoked(whole_ground, bug, bug)
    findings = await found(whole_ground)
    by = Counter(finding.assertion for finding in findings)
    CAUGHT.append(Caught(bug, CAUGHT_BY[bug], by, len(entries(whole_ground)), monotonic() - began))
    shown = "\n".join(str(finding) for finding in findings[:20])
    assert by[CAUGHT_BY[bug]], f"{bug}: not caught by {CAUGHT_BY[bug]}, but by {dict(by)}\n{shown}"


async def provoked(ground: Ground, bug: str, like: str) -> None:
    """The load walks few persons, so that each comes far in a short time."""
    provoke = PROVOKED[like]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "OPEN_PERSONS", 0 if provoke in BY_THEMSELVES else OPEN_PERSONS)
        await provoke(ground, bug)


def runs(ground: Ground, bug: str) -> bool:
    """Whether the services have this bug and the row before left nothing behind."""
    return ground.is_clean and all(ground.services[name].argv == command(bug, name) for name in SERVICES)


async def seed(ground: Ground, bug: str, begins_late: bool) -> None:
    """Four services with this bug, on fresh databases and an empty log."""
    for name in SERVICES:
        running, role = ground.services[name], "api" if begins_late and name == LISTENER else "all"
        running.argv, running.env = command(bug, name, role), seeded_environment(ground, name)
    await ground.renew()


def entries(ground: Ground) -> Sequence[object]:
    assert ground.ledger is not None and ground.ledger.entries, "no command was sent"
    return ground.ledger.entries


async def found(ground: Ground) -> list[Finding]:
    """What the checker says."""
    assert ground.mark is not None and ground.ledger is not None
    left = await come_to_rest(ground)
    evidence = await read(ground.urls, ground.parts.kafka.bootstrap_servers, ground.mark, ground.ledger, ground.injected)
    evidence.mails = [orjson.loads(line) for line in ground.mails.read_text().splitlines()] if ground.mails.exists() else []
    ground.ledger.close()
    return [*left, *check(evidence)]
