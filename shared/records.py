"""What is written to and read from Kafka, in our own words. No client is here: that is `kafka.py`, which hands these out again."""

from collections.abc import Sequence
from dataclasses import dataclass

Headers = Sequence[tuple[str, bytes | None]]
Partition = tuple[str, int]
PARTITIONS = 48
"""With how many a topic is made. One that is there keeps what it has: who needs its number asks the broker. Source: ADR 24."""
Range = tuple[int, int]
"""Where a partition's log begins, and where its next record would lie."""


class KafkaLost(Exception):
    """The broker is away, slow or refuses; the same may succeed later with a new client."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log; `timestamp` in milliseconds, set by the broker on append."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    headers: Headers
    value: bytes | None

    @property
    def place(self) -> Partition:
        return self.topic, self.partition


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to send; records of one partition are sent in the order given."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Headers

    @property
    def place(self) -> Partition:
        return self.topic, self.partition
