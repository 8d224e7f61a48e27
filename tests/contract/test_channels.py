"""A channel is one entry of a registry: a third one takes at most four files, and nothing else names one. It runs: family/test_channels."""

import ast
import json
import shutil
import subprocess
import sys
from filecmp import dircmp
from pathlib import Path

import pytest

from services.family.channel.domain import MAY_LEAVE, AddressRule, Channel, ChannelBroken
from services.family.channel.service import CHANNELS, INBOX, Entry
from tests.contract.tree import ROOT, parsed, python_files

TESTED = "tests/integration/services/family/test_channels.py"
REGISTRY = "services/family/channel/service.py"
LINES = (
    ("import email, inbox\n", "import email, inbox, pager\n"),
    ("class ChannelSettings(EmailSettings):", "class ChannelSettings(EmailSettings, pager.PagerSettings):"),
    (
        "        Entry(email.CHANNEL, email.opened),\n",
        "        Entry(email.CHANNEL, email.opened),\n        Entry(pager.CHANNEL, pager.opened),\n",
    ),
)
SHOWN = """
import json
from deploy.docs.openapi import documents
from services.family.settings import Settings
schemas = json.loads(documents()["family"])["components"]["schemas"]
print(json.dumps({
    "given": schemas["NewPermission"]["properties"]["channels"],
    "told": schemas["MessageView"]["properties"]["channel"]["enum"],
    "addresses": list(schemas["NewContact"]["properties"]["addresses"]["properties"]),
    "port": Settings().pager_port,
}))
"""


def with_a_pager(tree: Path) -> None:
    """What somebody does who adds a channel: its file, its line in the registry, its row in the table."""
    shutil.copy(ROOT / "tests/integration/services/family/pager.py", tree / "services/family/channel/pager.py")
    registry = (tree / REGISTRY).read_text()
    for line, changed in LINES:
        assert registry.count(line) == 1, f"{line!r} is not in the registry any more"
        registry = registry.replace(line, changed)
    (tree / REGISTRY).write_text(registry)
    number = len(list((tree / "services/family/migrations").glob("*.sql"))) + 1
    (tree / f"services/family/migrations/{number:04}_pager.sql").write_text("-- Pager.\nINSERT INTO channel (name) VALUES ('pager');\n")


def changed_files(before: Path, after: Path, under: str = "") -> list[str]:
    """Files that are new or different, relative to the top."""
    seen = dircmp(before / under, after / under)
    found = [f"{under}/{name}" for name in (*seen.right_only, *seen.diff_files)]
    return found + [file for folder in seen.common_dirs for file in changed_files(before, after, f"{under}/{folder}".strip("/"))]


def test_a_third_channel_takes_four_files(tmp_path: Path) -> None:
    """Its own, the registry, a migration and a test; the API, permissions, contacts and settings know it by that."""
    before, after = tmp_path / "before", tmp_path / "after"
    for tree in (before, after):
        for top in ("services", "shared", "deploy"):
            shutil.copytree(ROOT / top, tree / top, ignore=shutil.ignore_patterns("__pycache__"))
    with_a_pager(after)
    assert len([*changed_files(before, after), TESTED]) == 4
    ran = subprocess.run(
        [sys.executable, "-c", SHOWN], cwd=after, env={"PYTHONPATH": str(after)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    shown = json.loads(ran.stdout)
    assert shown["given"]["items"]["enum"] == shown["told"] == ["inbox", "email", "pager"]
    assert (shown["given"]["maxItems"], shown["addresses"], shown["port"]) == (3, ["email", "pager"], 4711)


def named_channels(tree: ast.Module) -> list[str]:
    """Texts in the code that are a channel's name."""
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.value in CHANNELS]


def test_nothing_but_the_registry_names_a_channel() -> None:
    """The one exception is the field of the API that e-mail has had from the beginning."""
    paths = [path for path in python_files("services") if path.parts[1] == "family" and path.parts[2] != "channel"]
    assert {str(path): found for path in paths if (found := named_channels(parsed(path)))} == {
        "services/family/contact/api.py": ["email", "email"],
    }
    assert named_channels(ast.parse("channel = 'inbox'")) == ["inbox"]


def test_no_channel_lets_a_full_text_leave() -> None:
    """Source: privacy section 6."""
    assert all(entry.channel.carries <= MAY_LEAVE for entry in CHANNELS.values() if entry.channel.sends)
    rule = AddressRule(pattern=r"^\d+$", example="1")
    with pytest.raises(ChannelBroken, match="full text"):
        Channel("pager", frozenset({"hint", "full"}), rule)
    with pytest.raises(ChannelBroken, match="full text"):
        Channel("drawer", frozenset({"hint"}))
    with pytest.raises(ChannelBroken, match="example"):
        Channel("pager", frozenset({"hint"}), AddressRule(pattern=r"^\d+$", example="x"))


def test_a_sender_goes_with_an_address_rule() -> None:
    with pytest.raises(ChannelBroken, match="sender"):
        Entry(Channel("pager", frozenset({"hint"}), AddressRule(pattern=r"^\d+$", example="1")))
    assert not INBOX.sends and [entry.channel for entry in CHANNELS.values() if not entry.channel.sends] == [INBOX]
