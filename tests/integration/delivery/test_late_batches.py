"""A worker that was frozen beyond its session commits what another has applied since: it changes nothing, not even the position."""

from shared.delivery import offsets
from shared.delivery.offsets import Place
from tests.toy_running import Ground


async def test_a_late_batch_does_not_move_the_position_back(ground: Ground) -> None:
    """Without another event in that partition it would stay there, and deadlines would wait for a log that was heard long ago."""
    place = (ground.toy.noted.topic, 3)
    for end in (500, 450):
        async with ground.service.worker.transaction() as tx:
            await offsets.save(tx, {place: end}, {place: Place(400)})
    assert await offsets.load(ground.service.worker, [place]) == {place: Place(500)}
