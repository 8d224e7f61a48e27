"""What a row sends for a person of its own, one command after the other. The walks of the load itself: walks.py."""

from tests.fault.ledger import Command
from tests.fault.load import Load
from tests.fault.walks import Clinic, complete, start


async def done(load: Load, command: Command) -> str:
    """The id of the answer, once it was accepted."""
    entry = await load.send(command)
    assert entry.outcome == "ok", f"{command.name}: {entry.status}"
    return entry.id


async def journey_opened(load: Load, clinic: Clinic) -> tuple[str, str]:
    """A new person, and the journey on the pathway."""
    body: dict[str, object] = {"name": "record", "birth_on": None, "region": clinic.region, "life_period": "adult"}
    since = [{"code": "addiction", "since": load.about.ago(6), "until": None}]
    told = ("person_registered",)
    person_id = await done(load, clinic.command("register", "POST", "referral/persons", body | {"categories": since}, told))
    opened: dict[str, object] = {"person_id": person_id, "pathway": "addiction-rehabilitation", "opened_on": load.about.ago(6)}
    return person_id, await done(load, clinic.command("open", "POST", "programme/journeys", opened, ("journey_opened",)))


async def stage_started(load: Load, clinic: Clinic, journey_id: str) -> None:
    await done(load, start(load.about, clinic, journey_id, 6))


async def stage_completed(load: Load, clinic: Clinic, journey_id: str, to: Clinic) -> None:
    await done(load, complete(load.about, clinic, journey_id, 4, to))
