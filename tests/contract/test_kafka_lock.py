"""The embedded broker's lock: one Kafka, hashes for everything, no addresses. Starts nothing."""

import re
import tomllib
from pathlib import Path

import pytest

from deploy.embedded.kafka import jars


def test_every_kafka_artifact_has_one_version() -> None:
    """The trap that jars.py describes: a log bridge that pulls kafka-clients down to another version."""
    versions = {jar.version for jar in jars.locked() if jar.group == "org.apache.kafka"}
    wanted = tomllib.loads(jars.LOCK.with_name("jgo.toml").read_text())["dependencies"]["coordinates"][0].rpartition(":")[2]
    assert versions == {wanted}


def test_the_log_bridge_has_the_version_of_the_log_itself() -> None:
    versions = {jar.artifact: jar.version for jar in jars.locked() if jar.group == "org.apache.logging.log4j"}
    assert versions["log4j-slf4j-impl"] == versions["log4j-core"] == versions["log4j-api"]


def test_each_jar_is_named_once_with_its_hash() -> None:
    found = jars.locked()
    assert len({(jar.group, jar.artifact) for jar in found}) == len(found)
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in found)


def test_a_jar_that_is_not_the_locked_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = jars.Jar("g", "a", "1", "0" * 64)

    def fetch(jar: jars.Jar, cache: Path) -> None:
        jar.path(cache).parent.mkdir(parents=True, exist_ok=True)
        jar.path(cache).write_bytes(b"something else")

    monkeypatch.setattr(jars, "_fetch", fetch)
    monkeypatch.setattr(jars, "locked", lambda: [wanted])
    with pytest.raises(jars.WrongJar):
        jars.resolve(tmp_path)
    assert not wanted.path(tmp_path).exists()
