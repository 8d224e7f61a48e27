"""What an operator may type after `python -m services.<name>`. What it does is in operations.py; a service's own commands are its own."""

import argparse
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.delivery.log import RELAY
from shared.records import PARTITIONS

COMMANDS = {
    "api": "serve HTTP",
    "worker": "relay, listen, run deadlines",
    "all": "both in one process",
    "migrate": "make the tables, as owner, and the topics",
    "status": "the health of the streams and what is parked",
    "halt": "stop listening to a topic",
    "resume": "go on with a halted topic, or with the halted relay",
    "replay": "run the parked events of a stream again, in order",
    "discard": "take a failed event off its stream, by two persons, each with a token of role operator in THROUGHCARE_TOKEN",
    "resend": "send old events of this service once more",
    "adopt-log": "after a restore: take over what the log has and the database has not; as owner",
}


def commands(service: str, topics: list[str]) -> argparse.ArgumentParser:
    """The grammar of an operator's commands; `topics` are those the service listens to."""
    parser = _Parser(prog=f"python -m services.{service}")
    added = parser.add_subparsers(dest="command", required=True)
    for name, does in COMMANDS.items():
        added.add_parser(name, help=does, description=does)
    for name in ("halt", "resume", "replay", "discard"):
        added.choices[name].add_argument("topic", choices=[*topics, RELAY] if name == "resume" else topics)
    for name in ("replay", "discard"):
        added.choices[name].add_argument("stream_id", type=UUID)
    moves = f"make topics that have not {PARTITIONS} partitions anew and let the relay fill them, while the system runs"
    added.choices["migrate"].add_argument("--repartition", action="store_true", help=moves)
    discard, again = added.choices["discard"], added.choices["resend"].add_mutually_exclusive_group(required=True)
    discard.add_argument("seq", type=int)
    glass = "while no issuer can be asked: act without a token, for a reason like issuer-away; it is alarmed"
    discard.add_argument("--break-glass", dest="glass", type=_code, metavar="CODE", help=glass)
    discard.add_argument(
        "--as", dest="by", type=_principal, metavar="PERSON", help="with --break-glass: who you are, as the issuer names you"
    )
    step = discard.add_mutually_exclusive_group(required=True)
    step.add_argument("--reason", type=_code, metavar="CODE", help="propose it; a code like wrong-body, never a text")
    step.add_argument("--confirm", action="store_true", help="confirm what another person proposed")
    again.add_argument("--since", type=_moment, metavar="TIME", help="what was recorded since, as 2026-01-31T08:00+05:00; no zone: UTC")
    again.add_argument("--stream", nargs=2, action=_Stream, metavar=("TOPIC", "ID"))
    again.add_argument("--all", action="store_true")
    return parser


class _Parser(argparse.ArgumentParser):
    """Nobody says who it is but who breaks the glass, and who does says it."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        asked = super().parse_args(args, namespace)
        if asked.command == "discard" and (asked.glass is None) != (asked.by is None):
            self.error("--break-glass and --as go together")
        return asked


class _Stream(argparse.Action):
    """`--stream TOPIC ID` as (topic, id)."""

    def __call__(self, parser: argparse.ArgumentParser, asked: argparse.Namespace, values: Any, option: str | None = None) -> None:
        try:
            setattr(asked, self.dest, (values[0], UUID(values[1])))
        except ValueError:
            parser.error(f"{values[1]} is no id of a stream")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _code(text: str) -> str:
    return _matching(r"[a-z][a-z0-9-]{2,63}", text, "a code: small letters, digits and hyphens")


def _principal(text: str) -> str:
    return _matching(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", text, "a principal's name")


def _matching(pattern: str, text: str, what: str) -> str:
    if not re.fullmatch(pattern, text):
        raise argparse.ArgumentTypeError(f"not {what}")
    return text
