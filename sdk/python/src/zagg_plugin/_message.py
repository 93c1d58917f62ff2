"""Protocol buffers, as much of them as the protocol needs, so that a plugin depends on grpcio and numpy alone.

Messages are described by tables (_schema.py), which a script makes from the .proto file.
Encoding: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Union

from ._schema import MESSAGES

Buffer = Union[bytes, memoryview]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIRE = {
    "string": _BYTES, "bytes": _BYTES, "double": _FIXED64, "bool": _VARINT, "enum": _VARINT,
    "int32": _VARINT, "int64": _VARINT, "uint32": _VARINT, "uint64": _VARINT,
}
_LARGE = 64 << 10  # bytes fields from here on are views of what was received
_DEFAULTS = {"string": "", "bytes": b"", "double": 0.0, "bool": False}


class Message:
    """One message: attributes by field name. Messages and members of a oneof that are not set are None."""

    def __init__(self, kind: str, /, **values: Any) -> None:
        self._message = kind
        for number, (name, kind_of, repeated, oneof) in MESSAGES[kind].items():
            if repeated:
                default: Any = []
            elif kind_of in MESSAGES or oneof:
                default = None
            else:
                default = _DEFAULTS.get(kind_of, 0)
            setattr(self, name, values.pop(name, default))
        if values:
            raise TypeError(f"{kind} has no field {', '.join(values)}")

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def which(self, oneof: str) -> str | None:
        """The member of a oneof that is set."""
        for name, _, _, group in MESSAGES[self._message].values():
            if group == oneof and getattr(self, name) is not None:
                return name
        return None

    def encode(self) -> bytes:
        out: list[Buffer] = []
        self.put(out)
        return b"".join(out)

    def put(self, out: list[Buffer]) -> int:
        """Add the parts of the encoding to out, which are joined once, and give their length."""
        size = 0
        for number, (name, kind, repeated, oneof) in MESSAGES[self._message].items():
            value = getattr(self, name)
            if repeated:
                size += _put_repeated(out, number, kind, value)
            elif value is not None and (oneof or kind in MESSAGES or value != _DEFAULTS.get(kind, 0)):
                size += _put(out, number, kind, value)
        return size

    def __repr__(self) -> str:
        names = [name for name, *_ in MESSAGES[self._message].values()]
        return f"{self._message}({', '.join(f'{n}={getattr(self, n)!r:.60}' for n in names)})"


def decoder(kind: str) -> Callable[[bytes], Message]:
    """A function that decodes one kind of message."""
    return lambda data: decode(kind, data)


def encode(message: Message) -> bytes:
    return message.encode()


def _varint(n: int) -> bytes:
    n &= 0xFFFFFFFFFFFFFFFF
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def _put(out: list[Buffer], number: int, kind: str, value: Any) -> int:
    wire = _WIRE.get(kind, _BYTES)
    head = _varint(number << 3 | wire)
    if wire == _VARINT:
        head += _varint(int(value))
    elif wire == _FIXED64:
        head += struct.pack("<d", value)
    out.append(head)
    if wire != _BYTES:
        return len(head)
    if kind in MESSAGES:
        at = len(out) - 1
        size: int = value.put(out)
        out[at] = head = head + _varint(size)
        return len(head) + size
    if kind == "string":
        value = value.encode()
    out[-1] = head = head + _varint(len(value))
    out.append(value)
    return len(head) + len(value)


def _put_repeated(out: list[Buffer], number: int, kind: str, values: Any) -> int:
    if _WIRE.get(kind, _BYTES) == _BYTES:
        return sum(_put(out, number, kind, v) for v in values)
    if not values:
        return 0
    packed = b"".join(struct.pack("<d", v) if kind == "double" else _varint(int(v)) for v in values)
    return _put(out, number, "bytes", packed)


def decode(kind: str, data: bytes) -> Message:
    """Decode one message. Unknown fields are left out; damage is a ValueError."""
    m = Message(kind)
    fields = MESSAGES[kind]
    view, at = memoryview(data), 0
    while at < len(view):
        tag, at = _read_varint(view, at)
        field = fields.get(tag >> 3)
        value, at = _read_value(view, at, tag & 7)
        if field is None:
            continue
        name, kind_of, repeated, _ = field
        packed = repeated and tag & 7 == _BYTES and _WIRE.get(kind_of, _BYTES) != _BYTES
        if packed:
            getattr(m, name).extend(_unpack(kind_of, value))
            continue
        if tag & 7 != _WIRE.get(kind_of, _BYTES):
            raise ValueError(f"{kind}.{name} has wire type {tag & 7}")
        value = _convert(kind_of, value)
        if repeated:
            getattr(m, name).append(value)
        else:
            setattr(m, name, value)
    return m


def _read_varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(view) or shift > 63:
            raise ValueError("a number is cut or too long")
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7


def _read_value(view: memoryview, at: int, wire: int) -> tuple[Any, int]:
    if wire == _VARINT:
        return _read_varint(view, at)
    if wire == _BYTES:
        size, at = _read_varint(view, at)
    elif wire in (_FIXED64, _FIXED32):
        size = 8 if wire == _FIXED64 else 4
    else:
        raise ValueError(f"wire type {wire}")
    if size > len(view) - at:
        raise ValueError("a field is cut")
    return view[at : at + size], at + size


def _unpack(kind: str, data: memoryview) -> list[Any]:
    values, at = [], 0
    wire = _WIRE[kind]
    while at < len(data):
        v, at = _read_value(data, at, wire)
        values.append(_convert(kind, v))
    return values


def _convert(kind: str, value: Any) -> Any:
    if kind == "string":
        return bytes(value).decode()
    if kind == "bytes":
        return value if len(value) >= _LARGE else bytes(value)
    if kind == "double":
        return struct.unpack("<d", value)[0]
    if kind == "bool":
        return value != 0
    if kind in ("int64", "int32", "enum"):
        return value - (1 << 64) if value >= 1 << 63 else value
    if kind in ("uint64", "uint32"):
        return value
    return decode(kind, value)
