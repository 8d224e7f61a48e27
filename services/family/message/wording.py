"""The texts of messages: read from wording.toml and checked with all placeholders when the service starts. Nothing is sent here."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from services.family.channel.domain import MAY_LEAVE, Channel
from services.family.contact.domain import Language
from services.family.message.domain import CORRECTIONS, DEATH, NO_DEATH, NOTICES, PROMPT, SUPPORT

LANGUAGES: tuple[str, ...] = get_args(Language)
MINOR = "-minor"
"""Ends the name of a text for the circle of a young person (mission row 000-25)."""
MIDWAY = f"{SUPPORT.kind}-midway"
"""Asks for support at a stage that is not the last one."""
UNCOUNTED = "-uncounted"
"""Ends the name of a text that names a step without saying of how many: each that does say so has one."""
KINDS = frozenset(notice.kind for notice in (*NOTICES.values(), *CORRECTIONS)) | {
    PROMPT.kind,
    DEATH.kind,
    NO_DEATH.kind,
    *(f"{kind}{end}" for kind in (SUPPORT.kind, MIDWAY) for end in ("", MINOR)),
}
LONGEST = 300


class WordingBroken(ValueError):
    """A text is missing, or does not take its placeholders: the service does not start."""


@dataclass(frozen=True)
class Step:
    """A stage and how many its journey has; None: not of a stage, and not known."""

    stage: int | None
    stages: int | None


@dataclass(frozen=True)
class Wording:
    """Every text by kind and language."""

    subject: Mapping[str, str]
    hint: Mapping[str, str]
    full: Mapping[str, Mapping[str, str]]

    def text(self, kind: str, language: str, step: Step, life_period: str | None) -> str:
        """What the contact reads after sign-in. A young person's circle is addressed otherwise than an adult's (mission row 000-25)."""
        if kind == SUPPORT.kind and step.stage != step.stages:
            kind = MIDWAY
        for end, wanted in ((MINOR, life_period == "minor"), (UNCOUNTED, step.stages is None)):
            kind = f"{kind}{end}" if wanted and f"{kind}{end}" in self.full else kind
        return self.full[kind][language].format(stage=step.stage, stages=step.stages)

    def leaving(self, channel: Channel, language: str) -> tuple[str, str]:
        """The subject and the hint, each empty where the channel does not carry it; nothing else ever leaves. Source: privacy section 6."""
        texts = {"subject": self.subject, "hint": self.hint}
        subject, hint = (texts[name][language] if name in channel.carries else "" for name in ("subject", "hint"))
        return subject, hint


def checked(raw: Mapping[str, Any]) -> Wording:
    """Raises WordingBroken unless each text stands in each language, takes all placeholders and, where it leaves, has none."""
    wording = Wording(raw["subject"], raw["hint"], raw["full"])
    counted = {kind for kind, texts in wording.full.items() if any("{stages}" in text for text in texts.values())}
    if differing := set(wording.full) ^ (KINDS | {f"{kind}{UNCOUNTED}" for kind in counted}):
        raise WordingBroken(f"kinds differ: {sorted(differing)}")
    for name, texts in {"subject": wording.subject, "hint": wording.hint, **wording.full}.items():
        if set(texts) != set(LANGUAGES):
            raise WordingBroken(f"{name}: languages differ")
        for language, text in texts.items():
            _check(f"{name} {language}", text, allowed={} if name in MAY_LEAVE else {"stage": 1, "stages": 5})
    return wording


def _check(name: str, text: str, allowed: Mapping[str, int]) -> None:
    try:
        filled = text.format(**allowed)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise WordingBroken(f"{name}: placeholders") from error
    if not filled.strip() or len(filled) > LONGEST or "{" in filled or "\n" in filled:
        raise WordingBroken(f"{name}: empty, too long or not one line")


WORDING = checked(tomllib.loads((Path(__file__).parent / "wording.toml").read_text(encoding="utf-8")))
