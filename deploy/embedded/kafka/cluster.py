"""Three Kafka brokers that keep three copies of everything, so that one may die. Each of them is broker.py's; topics are made by others."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded.kafka import broker
from deploy.embedded.kafka.broker import KafkaBroker

BROKERS = 3
# A new leader within seconds, and nothing acknowledged that only one copy holds.
SHARED = {
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "controller.quorum.election.timeout.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
    "replica.lag.time.max.ms": "3000",
}


@dataclass(frozen=True)
class KafkaCluster:
    """Brokers by their id."""

    brokers: Mapping[int, KafkaBroker]

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(each.bootstrap_servers for each in self.brokers.values())

    def start(self) -> None:
        """All answer when this returns, about 6 s later. Raises StartFailed."""
        for each in self.brokers.values():
            each.launch()
        for each in self.brokers.values():
            each.wait_ready()

    def kill(self, number: int) -> None:
        """kill -9; the broker's data stay for its next `launch`."""
        process = self.brokers[number].process
        assert process is not None, "not launched"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for each in self.brokers.values():
            each.stop()


def prepare(folder: Path) -> KafkaCluster:
    """Write the files of all three; nothing runs yet."""
    brokers = {number: broker.prepare(folder / f"kafka-{number}") for number in range(1, BROKERS + 1)}
    voters = ",".join(f"{number}@127.0.0.1:{each.controller}" for number, each in brokers.items())
    cluster = broker.new_id()
    for number, each in brokers.items():
        own = {"node.id": str(number), "controller.quorum.voters": voters}
        _change(each.folder / "server.properties", SHARED | own)
        _change(each.folder / "data" / "meta.properties", {"cluster.id": cluster, "node.id": str(number)})
    return KafkaCluster(brokers)


def _change(file: Path, settings: Mapping[str, str]) -> None:
    kept = dict(line.split("=", 1) for line in file.read_text().splitlines() if line)
    file.write_text("".join(f"{name}={value}\n" for name, value in {**kept, **settings}.items()))
