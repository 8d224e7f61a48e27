"""What a release says of itself: its words, filled with what was in force. Pure."""

from collections.abc import Mapping
from typing import Any


def definitions(words: Mapping[str, str], terms: Mapping[str, Any]) -> dict[str, str]:
    """Each definition's text by its code. Raises KeyError for a term that nobody tells."""
    return {code: text.format(**terms) for code, text in words.items()}
