"""Show how far a run is: a bar in a notebook, lines elsewhere."""
from __future__ import annotations

import re
import sys
from typing import Any, Union

from ._program import Progress

Show = Union[bool, Progress, None]


def shown(progress: Show) -> Progress | None:
    """What is to be done with the lines of a run: True shows them, False does not, a function gets them."""
    if callable(progress):
        return progress
    if not progress:
        return None
    try:
        from IPython.core.getipython import get_ipython

        if type(get_ipython()).__name__ == "ZMQInteractiveShell":
            return _Bar()
    except ModuleNotFoundError:
        pass
    return lambda line: print(line, file=sys.stderr)


class _Bar:
    """A line of a notebook that says how many shards are done."""

    def __init__(self) -> None:
        from IPython.display import display

        self.handle: Any = display({  # type: ignore[no-untyped-call]
            "text/plain": "zagg"}, raw=True, display_id=True)

    def __call__(self, line: str) -> None:
        done = re.search(r"(\d[\d,]*)\s*(?:/|of)\s*(\d[\d,]*)", line)
        text = line
        if done:
            n, total = (int(v.replace(",", "")) for v in done.groups())
            filled = 30 * n // max(total, 1)
            text = "█" * filled + "░" * (30 - filled) + " " + line
        self.handle.update({"text/plain": text}, raw=True)
