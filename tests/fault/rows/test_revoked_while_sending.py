"""Permissions revoked while messages are claimed and sent, by two senders: nothing leaves after a committed revocation.

Source: delivery claim 4, privacy section 4, the fault table of the ledger test.
"""

from collections import Counter
from random import Random

import pytest

from shared.database import connect
from tests.eventually import eventually
from tests.fault import load as loading
from tests.fault.ground import Ground
from tests.fault.revoking import Mails, queue_of, revoke_while_sending
from tests.fault.rows.conftest import Size

CONTACTS = 50
PERSONS = 20
RATE = 400.0
IDLE = "SELECT NOT EXISTS (SELECT FROM message WHERE state IN ('pending', 'claimed'))"
STATES = """
SELECT m.state, m.reason, count(*) AS messages FROM message m JOIN permission p USING (contact_id)
WHERE p.revoked_at >= $1 AND m.channel = 'email' GROUP BY 1, 2
"""


async def test_revoked_while_sending(ground: Ground, size: Size, chance: Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand schedules; the sink is the witness: no mail but of messages that were claimed before."""
    monkeypatch.setattr(loading, "OPEN_PERSONS", 0)  # nobody but those of this row
    mails, persons = Mails(ground.mails), size.of(PERSONS)
    database = await connect(ground.urls["family"]["owner"])
    began = await database.fetchval("SELECT clock_timestamp()")
    async with ground.worker("family"), queue_of(ground.urls["family"]["owner"]) as queue, ground.under_load(RATE) as load:
        await revoke_while_sending(load, queue, persons, CONTACTS)
        await eventually(lambda: database.fetchval(IDLE), 60)
    ends = Counter({(row["state"], row["reason"]): row["messages"] for row in await database.fetch(STATES, began)})
    await database.close()
    await ground.judged("permission revoked while sending", persons * CONTACTS)
    sent, stopped = ends["sent", None], ends["suppressed", "permission-revoked"]
    assert mails.count() == sent, f"{mails.count()} mails for {ends}"
    assert sent > persons * CONTACTS / 10 < stopped, f"the schedules must differ to prove anything: {ends}"
