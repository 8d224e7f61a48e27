"""Epochs of a log: who reads an older one moves no position, and who writes never falls behind what lies there."""

from collections.abc import Mapping
from uuid import uuid4

from shared.delivery import offsets
from shared.delivery.log import PLACED, columns, recognise
from shared.delivery.offsets import Place
from shared.delivery.relay import READ, outgoing
from shared.records import Partition, Record
from tests.toy_running import Ground


async def test_a_late_batch_of_the_lost_log_moves_no_position(ground: Ground) -> None:
    """A worker that lost its partition commits what it read before the wipe; its offset means nothing in the log of now."""
    place = (ground.toy.noted.topic, 3)
    stood: Mapping[Partition, Place] = {place: Place(450, 0)}
    async with ground.service.worker.transaction() as tx:
        await offsets.begin(tx, {place: Place(0, 1)})
    async with ground.service.worker.transaction() as tx:
        await offsets.save(tx, {place: 500}, stood)
    assert await offsets.load(ground.service.worker, [place]) == {place: Place(0, 1)}


async def test_a_restored_relay_takes_up_the_epoch_of_the_log(ground: Ground) -> None:
    """The back-up is older than a refill: at the next loss its epoch would be one the listeners know."""
    await ground.write(uuid4())
    async with ground.service.worker.connection() as connection:
        rows = await connection.fetch(READ, 0, 10)
        out = outgoing(rows[0], log_epoch=2)
        await connection.execute(PLACED, *columns({out.place: (0, None)}))
        await recognise(connection, [Record(out.topic, out.partition, 0, 0, out.headers, out.value)])
    assert await ground.count("relay_position", "log_epoch = 2") == 1
