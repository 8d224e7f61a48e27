"""PostgreSQL and Kafka together, for tests and for the stack. No service runs here."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded import postgres
from deploy.embedded.kafka import broker


@dataclass(frozen=True)
class Parts:
    """Both servers, running."""

    postgres: postgres.PostgresServer
    kafka: broker.KafkaBroker

    @property
    def postgres_url(self) -> str:
        return self.postgres.url

    @property
    def kafka_bootstrap_servers(self) -> str:
        return self.kafka.bootstrap_servers

    def stop(self, keep: bool = False) -> None:
        """Stop both and, unless `keep`, delete their data (as root PostgreSQL's lie outside the folder)."""
        self.postgres.stop()
        self.kafka.stop()
        if not keep:
            self.postgres.remove()
            self.kafka.remove()


def start_parts(folder: Path, durable: bool = False, logs: Path | None = None) -> Parts:
    """Start both under `folder`, Kafka warming up while PostgreSQL makes its data folder.

    Call from a thread that outlives them (the main thread): when it ends, however it ends, both are killed.
    """
    with ExitStack() as undo:
        kafka = broker.prepare(folder / "kafka", logs and logs / "kafka.log")
        undo.callback(kafka.stop)
        kafka.launch()
        server = postgres.prepare(folder / "postgres", durable, logs and logs / "postgres.log")
        undo.callback(server.stop)
        server.launch()
        server.wait_ready()
        kafka.wait_ready()
        undo.pop_all()
    return Parts(server, kafka)
