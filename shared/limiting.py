"""How often one caller may do something: a count in a moving window, kept in this process."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

CALLERS = 10_000
"""Callers remembered; of more, those that asked longest ago are forgotten."""


@dataclass
class Limit:
    """At most `most` times in `seconds` for each key; the window begins anew once it is over."""

    most: int
    seconds: float
    now: Callable[[], float] = time.monotonic
    _windows: OrderedDict[Hashable, tuple[float, int]] = field(default_factory=OrderedDict)

    def allows(self, key: Hashable) -> bool:
        """Whether it may happen once more now; counts it."""
        began, count = self._windows.pop(key, (self.now(), 0))
        if self.now() - began >= self.seconds:
            began, count = self.now(), 0
        self._windows[key] = (began, count + 1)
        if len(self._windows) > CALLERS:
            self._windows.popitem(last=False)
        return count < self.most
