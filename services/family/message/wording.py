"""The texts of messages: read from wording.toml and checked with all placeholders when the service starts. Nothing is sent here."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from services.family.channel.domain import MAY_LEAVE, Channel
from services.family.contact.domain import Language
from services.family.message.domain import NOTICES, PROMPT, RESOCIALIZATION, SUPPORT

LANGUAGES: tuple[str, ...] = get_args(Language)
KINDS = frozenset(notice.kind for notice in NOTICES.values()) | {SUPPORT.kind, PROMPT.kind, "support-minor"}
STAGES = RESOCIALIZATION
LONGEST = 300


class WordingBroken(ValueError):
    """A text is missing, or does not take its placeholders: the service does not start."""


@dataclass(frozen=True)
class Wording:
    """Every text by kind and language."""

    subject: Mapping[str, str]
    hint: Mapping[str, str]
    full: Mapping[str, Mapping[str, str]]

    def text(self, kind: str, language: str, stage: int | None, life_period: str | None) -> str:
        """What the contact reads after sign-in. A young person's circle is addressed otherwise than an adult's (mission row 000-25)."""
        for_minor = f"{kind}-minor"
        chosen = for_minor if life_period == "minor" and for_minor in self.full else kind
        return self.full[chosen][language].format(stage=stage, stages=STAGES)

    def leaving(self, channel: Channel, language: str) -> tuple[str, str]:
        """The subject and the hint, each empty where the channel does not carry it; nothing else ever leaves. Source: privacy section 6."""
        texts = {"subject": self.subject, "hint": self.hint}
        subject, hint = (texts[name][language] if name in channel.carries else "" for name in ("subject", "hint"))
        return subject, hint


def checked(raw: Mapping[str, Any]) -> Wording:
    """Raises WordingBroken unless each text stands in each language, takes all placeholders and, where it leaves, has none."""
    wording = Wording(raw["subject"], raw["hint"], raw["full"])
    if set(wording.full) != KINDS:
        raise WordingBroken(f"kinds differ: {sorted(KINDS ^ set(wording.full))}")
    for name, texts in {"subject": wording.subject, "hint": wording.hint, **wording.full}.items():
        if set(texts) != set(LANGUAGES):
            raise WordingBroken(f"{name}: languages differ")
        for language, text in texts.items():
            _check(f"{name} {language}", text, allowed={} if name in MAY_LEAVE else {"stage": 1, "stages": STAGES})
    return wording


def _check(name: str, text: str, allowed: Mapping[str, int]) -> None:
    try:
        filled = text.format(**allowed)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise WordingBroken(f"{name}: placeholders") from error
    if not filled.strip() or len(filled) > LONGEST or "{" in filled or "\n" in filled:
        raise WordingBroken(f"{name}: empty, too long or not one line")


WORDING = checked(tomllib.loads((Path(__file__).parent / "wording.toml").read_text(encoding="utf-8")))
