"""Columns: numpy arrays on this side, raw little-endian bytes in frames on the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Union

import numpy as np

from ._message import Buffer, Message
from .errors import Code, Error

# dtypes by the protocol's number; 12 is text or opaque bytes, one string a row.
DTYPES = {1: "|b1", 2: "|i1", 3: "<i2", 4: "<i4", 5: "<i8", 6: "|u1", 7: "<u2", 8: "<u4", 9: "<u8", 10: "<f4", 11: "<f8"}
_NUMBERS = {np.dtype(d): n for n, d in DTYPES.items()}
BYTES = 12

FRAME = 256 << 10
_LARGEST = 1 << 40


@dataclass
class Ragged:
    """Any number of rows per cell: those of cell i are values[offsets[i]:offsets[i+1]]. offsets begin at 0."""

    values: np.ndarray
    offsets: np.ndarray


Values = Union[np.ndarray, Ragged, Sequence[str]]


@dataclass
class Column:
    """A named column of n rows: an array (n,) or (n, width), a Ragged, or a list of n strings."""

    name: str
    values: Values
    fill: Any = None  # the element that stands for "no value", or an array of those that do; None: there is none
    valid: tuple[Any, Any] | None = None  # the least and the greatest element that is a value; None: every element is
    absent: Any = None  # the element, of fill too, of rows for which the file has no value; missing even where fill values are taken as data

    def missing(self) -> np.ndarray:
        """The rows without a value, bool: filled, or beyond valid. NaN has none in any case, and is not among them."""
        array = np.asarray(self.values)
        none = np.zeros(array.shape, bool)
        if self.fill is not None:
            none |= np.isin(array, self.fill)
        if self.valid is not None:
            none |= (array < self.valid[0]) | (array > self.valid[1])
        return none if none.ndim == 1 else np.asarray(none.any(axis=1))

    def take(self, rows: np.ndarray) -> Column:
        """Some rows of a column that is an array."""
        return replace(self, values=np.asarray(self.values)[rows])


def type_number(dtype: Any) -> int:
    """The protocol's number of a dtype; 0 for None, "like the input"; text for str."""
    if dtype is None:
        return 0
    if dtype in (str, bytes) or np.dtype(dtype).kind in "SUO":
        return BYTES
    try:
        return _NUMBERS[np.dtype(dtype).newbyteorder("<")]
    except KeyError:
        raise Error(Code.UNSUPPORTED, f"no column can hold {np.dtype(dtype)}; have bool, integers, float32, float64, str") from None


def dtype_of(number: int) -> Any:
    """The dtype of the protocol's number; None for 0, str for text."""
    return None if number == 0 else str if number == BYTES else np.dtype(DTYPES[number])


@dataclass
class Raw:
    """A column as it travels: its head and the parts of its payload."""

    head: Message
    parts: list[Buffer] = field(default_factory=list)


def to_raw(column: Column) -> Raw:
    """The bytes of a column."""
    values = column.values
    if isinstance(values, Ragged):
        body, width = _numbers(values.values)
        offsets = np.ascontiguousarray(values.offsets, "<i8")
        return _raw(column, type_number(values.values.dtype), width, len(offsets) - 1, body, offsets)
    if isinstance(values, (list, tuple)) or np.asarray(values).dtype.kind in "SUO":
        texts = [v if isinstance(v, bytes) else str(v).encode() for v in values]
        offsets = np.concatenate([[0], np.cumsum([len(t) for t in texts], dtype="<i8")]).astype("<i8")
        return _raw(column, BYTES, 1, len(texts), b"".join(texts), offsets)
    array = np.asarray(values)
    body, width = _numbers(array)
    return _raw(column, type_number(array.dtype), width, len(array), body, None)


def _numbers(array: np.ndarray) -> tuple[Buffer, int]:
    if array.ndim not in (1, 2):
        raise Error(Code.INVALID, f"a column has one axis, or two for vectors; this has {array.ndim}")
    width = 1 if array.ndim == 1 else array.shape[1]
    return octets(np.ascontiguousarray(array, array.dtype.newbyteorder("<"))), width


def octets(array: np.ndarray) -> Buffer:
    """The bytes of a contiguous array, without a copy of many."""
    return array.reshape(-1).view(np.uint8).data if array.nbytes >= FRAME else array.tobytes()


def _raw(column: Column, number: int, width: int, rows: int, body: Buffer, offsets: np.ndarray | None) -> Raw:
    def elements(of: Any) -> bytes:
        return b"" if of is None or number == BYTES else np.array(of, DTYPES[number]).tobytes()

    head = Message("ColumnHead", name=column.name, type=number, width=width, rows=rows, has_offsets=offsets is not None, bytes=len(body),
                   fill=elements(column.fill), valid=elements(column.valid), absent=elements(column.absent))
    return Raw(head, [offsets.tobytes(), body] if offsets is not None else [body])


def frames(columns: Iterable[Column]) -> Iterator[Message]:
    """Cut columns into frames of at most 256 KiB of payload; small columns share one."""
    frame, room = Message("ColumnFrame"), FRAME
    for column in columns:
        raw = to_raw(column)
        payload = memoryview(raw.parts[0] if len(raw.parts) == 1 else b"".join(raw.parts))
        head: Message | None = raw.head
        at = 0
        while head is not None or at < len(payload):
            take = min(room, len(payload) - at)
            frame.pieces.append(Message("Piece", head=head, data=payload[at : at + take]))
            head, at, room = None, at + take, room - take
            if room == 0:
                yield frame
                frame, room = Message("ColumnFrame"), FRAME
    if frame.pieces:
        yield frame


def from_payload(head: Message, payload: Buffer) -> Column:
    """The column of a head and its whole payload. The arrays are read-only views."""
    rows, width = head.rows, max(head.width, 1)
    if head.type != BYTES and head.type not in DTYPES or rows > _LARGEST:
        raise Error(Code.CORRUPT, f"column {head.name}: type {head.type}, {rows} rows", op="column")
    offsets = None
    if head.has_offsets:
        if len(payload) < 8 * (rows + 1):
            raise Error(Code.CORRUPT, f"column {head.name}: {len(payload)} bytes are too few for {rows} rows", op="column")
        offsets = np.frombuffer(payload, "<i8", rows + 1)
        payload = payload[8 * (rows + 1) :]
        if offsets[0] != 0 or np.any(np.diff(offsets) < 0):
            raise Error(Code.CORRUPT, f"column {head.name}: offsets fall or do not begin at 0", op="column")
    if head.type == BYTES:
        if offsets is None or offsets[-1] * width != len(payload):
            raise Error(Code.CORRUPT, f"column {head.name}: strings without their offsets", op="column")
        return Column(head.name, [bytes(payload[a:b]).decode("utf-8", "replace") for a, b in zip(offsets[:-1], offsets[1:])])
    dtype = np.dtype(DTYPES[head.type])
    count = (int(offsets[-1]) if offsets is not None else rows) * width
    if count * dtype.itemsize != len(payload):
        raise Error(Code.CORRUPT, f"column {head.name}: {len(payload)} bytes for {count} elements of {dtype}", op="column")
    array = np.frombuffer(payload, dtype)
    if width > 1:
        array = array.reshape(-1, width)
    fills, valid, absent = (np.frombuffer(b if len(b) % dtype.itemsize == 0 else b"", dtype) for b in (head.fill, head.valid, head.absent))
    fill = fills[0] if len(fills) == 1 else fills if len(fills) else None
    return Column(head.name, array if offsets is None else Ragged(array, offsets), fill,
                  (valid[0], valid[1]) if len(valid) == 2 else None, absent[0] if len(absent) == 1 else None)
