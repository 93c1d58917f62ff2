"""Start the program that does the work, show what it says, and turn its failures into exceptions."""
from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Progress = Callable[[str], None]

USAGE, MISSING, INTERRUPTED = 2, 3, 130


class ZaggError(Exception):
    """What zagg could not do.

    Attributes: `code`, the exit code (1 failed, 2 the arguments are wrong, 3 granules are missing, which was allowed);
    `file`, `line` and `column`, where a file is at fault and it is known where; `log`, all that was said.
    """

    def __init__(self, message: str, code: int, log: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.log = log
        place = re.match(r"(?P<file>[^\s:][^:\n]*):(?P<line>\d+)(?::(?P<column>\d+))?: ", message)
        self.file: str | None = place["file"] if place else None
        self.line: int | None = int(place["line"]) if place else None
        self.column: int | None = int(place["column"]) if place and place["column"] else None


def program() -> str:
    """The path of the program: `$ZAGG`, the one in this package, or the one on the PATH."""
    named = os.environ.get("ZAGG")
    if named:
        return named
    name = "zagg.exe" if os.name == "nt" else "zagg"
    own = Path(__file__).parent / "bin" / name
    if own.is_file():
        return str(own)
    found = shutil.which(name)
    if found is None:
        raise ZaggError("this installation has no program zagg: install a wheel of your platform, or name one in $ZAGG", 1)
    return found


def version() -> str:
    """The version of the program."""
    return call(["--version"]).split()[-1]


def call(args: Sequence[str], progress: Progress | None = None, accept: Sequence[int] = (0,), env: Mapping[str, str] | None = None) -> str:
    """Run a command line and return what it printed. Lines that it says meanwhile go to progress. ^C is handed on to the
    program, which finishes or abandons what it is at; then KeyboardInterrupt is raised."""
    # In a session of its own the program gets one ^C, from here, and not a second one from the terminal.
    process = subprocess.Popen([program(), *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               encoding="utf-8", errors="replace", env={**os.environ, **(env or {})}, start_new_session=True)
    try:
        out, said = _listen(process, progress)
    except KeyboardInterrupt:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait()
        raise
    code = process.wait()
    if code not in accept:
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        raise ZaggError(_message(said, code), code, "".join(said))
    return "".join(out)


def _listen(process: subprocess.Popen[str], progress: Progress | None) -> tuple[list[str], list[str]]:
    """What the program prints, read aside, and what it says, line by line."""
    assert process.stdout is not None and process.stderr is not None
    out: list[str] = []
    said: list[str] = []
    reader = threading.Thread(target=out.extend, args=(process.stdout,), daemon=True)
    reader.start()
    for line in process.stderr:
        said.append(line)
        if progress is not None:
            progress(line.rstrip())
    reader.join()
    return out, said


def _message(said: list[str], code: int) -> str:
    """What the program said last for itself, without its name."""
    for i in range(len(said) - 1, -1, -1):
        if said[i].startswith("zagg: "):
            return "".join(said[i:])[len("zagg: "):].strip()
    return "".join(said[-5:]).strip() or f"zagg ended with exit code {code}"


def main() -> int:
    """The console script: the program itself."""
    return subprocess.call([program(), *sys.argv[1:]])
