"""A read as a conversation: the reader asks for byte ranges and sends batches, the host answers with bytes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ._message import Buffer, Message
from .columns import FRAME, Column, frames
from .errors import Code, Error, invalid
from .reader import Cut, Filter, Granule, Query, Reader, Source, Tally, prepare
from .region import Region

_WAITING = 32  # messages to the host that may wait; a reader that is faster is held up


class Ended(Exception):
    """The host has ended the call."""


class _Ask:
    def __init__(self) -> None:
        self.done = threading.Event()
        self.lengths: list[int] = []
        self.parts: list[Buffer] = []
        self.object: Message | None = None
        self.error: Error | None = None


class Conversation:
    """One Read or Index. The reader runs in a thread of its own; what it sends is handed out by the call's thread."""

    def __init__(self, requests: Iterator[Message], context: Any) -> None:
        self.requests = requests
        self.out: queue.Queue[Message | BaseException | None] = queue.Queue(_WAITING)
        self.asks: dict[int, _Ask] = {}
        self.number = 0
        self.lock = threading.Lock()
        self.ended = threading.Event()
        context.add_callback(self._end)

    def _end(self) -> None:
        self.ended.set()
        with self.lock:
            for ask in self.asks.values():
                ask.done.set()
        try:
            self.out.put_nowait(None)  # wakes the call's thread; if the queue is full it is awake
        except queue.Full:
            pass

    def read(self, find: Callable[[int], Reader]) -> Iterator[Message]:
        return self._run(find, self._emit)

    def index(self, find: Callable[[int], Reader]) -> Iterator[Message]:
        return self._run(find, self._emit_index)

    def _run(self, find: Callable[[int], Reader], work: Callable[[Reader, Granule, Query], None]) -> Iterator[Message]:
        first = next(self.requests, None)
        if first is None or first.which("message") != "start":
            raise invalid("a conversation begins with a start")
        reader, granule, query = find(first.start.handle), self._granule(first.start.granule), _query(first.start.query)
        threading.Thread(target=self._listen, daemon=True).start()

        def body() -> None:
            try:
                work(reader, granule, query)
                self._send(None)
            except Ended:
                pass
            except BaseException as e:  # else the host would wait for ever
                try:
                    self._send(e)
                except Ended:
                    pass

        threading.Thread(target=body, daemon=True).start()
        while True:
            message = self.out.get()
            if message is None:
                return
            if isinstance(message, BaseException):
                raise message
            yield message

    def _listen(self) -> None:
        try:
            for m in self.requests:
                if m.which("message") == "answer":
                    self._take(m.answer)
        except Exception:
            self._end()

    def _take(self, answer: Message) -> None:
        with self.lock:
            ask = self.asks.get(answer.ask)
        if ask is None:
            return
        if answer.error is not None:
            e = answer.error
            ask.error = Error(Code(e.code), e.text, op=e.op, subject=e.subject, refused=answer.refused)
        if answer.object is not None:
            ask.object = answer.object
        ask.lengths.extend(answer.lengths)
        ask.parts.append(answer.data)
        if answer.last or answer.error is not None:
            with self.lock:
                self.asks.pop(answer.ask, None)
            ask.done.set()

    def _send(self, message: Message | BaseException | None) -> None:
        while True:
            if self.ended.is_set():
                raise Ended
            try:
                self.out.put(message, timeout=0.2)
                return
            except queue.Full:
                continue

    def _ask(self, **what: Any) -> _Ask:
        ask = _Ask()
        with self.lock:
            self.number += 1
            number = self.number
            self.asks[number] = ask
        self._send(Message("ReadToHost", ask=Message("Ask", ask=number, **what)))
        ask.done.wait()
        if ask.error is not None:
            raise ask.error
        if self.ended.is_set():
            raise Ended
        return ask

    def _ranges(self, url: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        if not ranges:
            return []
        ask = self._ask(url=url, ranges=[Message("Range", offset=int(o), length=int(n)) for o, n in ranges])
        data = b"".join(ask.parts)
        if len(ask.lengths) != len(ranges) or sum(ask.lengths) != len(data):
            raise Error(Code.INTERNAL, "the host's answer does not fit the ask", subject=url)
        ends = np.cumsum([0, *ask.lengths])
        return [data[a:b] for a, b in zip(ends[:-1], ends[1:])]

    def _stat(self, url: str) -> tuple[int, str, str]:
        o = self._ask(url=url, stat=True).object
        if o is None:
            raise Error(Code.INTERNAL, "the host's answer does not fit the ask", subject=url)
        return o.size, o.etag, o.modified

    def _granule(self, m: Message) -> Granule:
        files = {a.name: Source(a.url, self._ranges, self._stat) for a in m.assets}
        return Granule(m.id, files, m.start, m.size)

    def _emit(self, reader: Reader, granule: Granule, query: Query) -> None:
        known = {c.name for c in reader.columns}
        for name in query.wanted:
            if name not in known and not (name.startswith("/") and name not in query.columns):
                raise invalid(f"no such column; have {', '.join(sorted(known))}", name)
        tally = Tally()
        for cut in prepare(reader, query, reader.read(granule, query), tally):
            self._send_batch(cut)
        seen = set(tally.seen)
        self._send(Message("ReadToHost", done=Message(
            "ReadDone", rows=tally.rows, emitted=tally.emitted, invalid=tally.invalid,
            missing=[g for g in reader.groups if g not in seen], empty=[g for g in reader.groups if g in seen and g not in tally.full],
            warnings=[str(w) for w in granule.warnings], index=_index_use(granule.index_use),
        )))

    def _send_batch(self, cut: Cut) -> None:
        self._send(Message("ReadToHost", batch=Message("Batch", group=cut.group, rows=len(cut.lon), refused=len(cut.refused_lon))))
        columns = [Column("lon", cut.lon), Column("lat", cut.lat), *cut.columns]
        if len(cut.refused_lon):
            columns += [Column("refused_lon", cut.refused_lon), Column("refused_lat", cut.refused_lat)]
        for frame in frames(columns):
            self._send(Message("ReadToHost", frame=frame))

    def _emit_index(self, reader: Reader, granule: Granule, query: Query) -> None:
        data = reader.index(granule, query)  # type: ignore[attr-defined]
        for first in range(0, len(data), FRAME):
            self._send(Message("ReadToHost", index=data[first : first + FRAME]))
        self._send(Message("ReadToHost", done=Message("ReadDone")))


def _index_use(word: str) -> int:
    uses = ("", "used", "missing", "stale")
    if word not in uses:
        raise ValueError(f"index_use is {word!r}; have {', '.join(uses[1:])}")
    return uses.index(word)


def _query(m: Message | None) -> Query:
    if m is None:
        return Query(Region(), ())
    for f in m.filters:
        if len(f.values) != 1 and (f.op not in ("in", "not_in") or not f.values):
            raise invalid(f"{f.op} compares with one value, not {len(f.values)}", f.column)
    filters = tuple(Filter(f.column, f.op, tuple(_number(v) for v in f.values), f.drop, f.element, f.level) for f in m.filters)
    return Query(Region.decode(m.region), tuple(m.columns), filters, m.rows, m.count_invalid, m.memory, m.request)


def _number(text: str) -> float:
    """A JSON number; integers stay exact."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        raise invalid(f"{text[:40]!r} is no number") from None
