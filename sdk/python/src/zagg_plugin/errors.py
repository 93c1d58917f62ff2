"""Errors with codes for the host."""

from __future__ import annotations

import enum


class Code(enum.IntEnum):
    """The kind of an error. Only UNAVAILABLE is retried."""

    INTERNAL = 0
    INVALID = 1
    NOT_FOUND = 2
    DENIED = 3
    UNAVAILABLE = 4
    CORRUPT = 5
    UNSUPPORTED = 6


class Error(Exception):
    """An error with a code, the operation (op), its subject, and the cause (text).

    Any other exception raised by a plugin has code INTERNAL; its traceback goes to stderr.
    """

    def __init__(self, code: Code, text: str, *, op: str = "", subject: str = "", refused: int = 0) -> None:
        super().__init__(text)
        self.code = Code(code)
        self.text = text
        self.op = op
        self.subject = subject
        self.refused = refused

    def __str__(self) -> str:
        where = " ".join(part for part in (self.op, self.subject) if part)
        return f"{where}: {self.text}" if where else self.text


def invalid(text: str, subject: str = "") -> Error:
    """A wrong configuration or argument; subject names the key."""
    return Error(Code.INVALID, text, subject=subject)
