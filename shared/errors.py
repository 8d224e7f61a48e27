"""What a rule answers when it says no. No HTTP here: `web.py` turns these into problem details."""

from collections.abc import Mapping


class Refused(Exception):
    """A rule refuses; `unmet` names every requirement that is missing, sorted as the rule lists them.

    `code` is stable and public; neither code nor unmet ever carries a submitted value.
    """

    def __init__(self, code: str, unmet: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.unmet = unmet


class NotFound(Exception):
    """Nothing of this kind that the caller may know of: absent and foreign look alike."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Conflict(Exception):
    """True later perhaps: the caller may try the same again after `retry_after` seconds (None: trying again will not help)."""

    def __init__(self, code: str, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class NotYetKnown(Conflict):
    """An id in a command of which this service has not heard: 409 while the news may be on its way, 422 `not-known` afterwards.

    `field`: the field or path parameter that holds the id. `topic`: the topic that would bring the news. `otherwise`: the refusal
    that stands once nothing came, where it is another than `not-known`. Source: contracts section 3.
    """

    def __init__(self, field: str, topic: str, otherwise: Refused | None = None) -> None:
        super().__init__("not-yet-known", retry_after=1)
        self.topic = topic
        self.otherwise = otherwise or Refused("not-known", (field,))


def refuse(code: str, requirements: Mapping[str, bool]) -> None:
    """Raise Refused naming every requirement whose value is true (true means: unmet)."""
    unmet = tuple(name for name, missing in requirements.items() if missing)
    if unmet:
        raise Refused(code, unmet)
