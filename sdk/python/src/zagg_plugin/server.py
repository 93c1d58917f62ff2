"""Serving: the handshake with the host, and the services of the protocol (proto/zagg/v1/zagg.proto)."""

from __future__ import annotations

import inspect
import itertools
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent import futures
from typing import Any

import grpc
import numpy as np

from . import _message as wire
from ._message import Buffer, Message
from .columns import Column, Ragged, frames, from_payload, octets
from .config import construct, schema
from .conversation import Conversation
from .errors import Code, Error, invalid
from .fields import Input
from .grid import Grid, canonical, sort_keys
from .reader import Identity, Reader
from .region import Region
from .statistic import Groups, Statistic, as_results, check_inputs, check_parts

_COOKIE = ("ZAGG_PLUGIN", "grids-readers-statistics")
_MAX_MESSAGE = 64 << 20
_FOLDS = ("rounded", "integers", "exactly", "approximately")  # Statistic.folds, as the protocol numbers it
_KINDS: tuple[tuple[int, type], ...] = ((1, Grid), (2, Reader), (3, Statistic))
_STATUS = {
    Code.INTERNAL: grpc.StatusCode.INTERNAL, Code.INVALID: grpc.StatusCode.INVALID_ARGUMENT, Code.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Code.DENIED: grpc.StatusCode.PERMISSION_DENIED, Code.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE, Code.CORRUPT: grpc.StatusCode.DATA_LOSS,
    Code.UNSUPPORTED: grpc.StatusCode.UNIMPLEMENTED,
}


def serve(*things: type[Grid] | type[Reader] | type[Statistic], name: str, version: str = "0.0.0", silence: float = 600) -> None:
    """Run the plugin: offer grid, reader and statistic classes to the host that started this process, until it ends.

    silence is the number of seconds, at most 3600, that the process may give no sign of life before the host ends it. No thread can
    answer while code outside of Python holds the global interpreter lock.

    Call it once, at the end, under `if __name__ == "__main__"`. From then on print() goes to stderr.
    """
    if os.environ.get(_COOKIE[0]) != _COOKIE[1]:
        sys.exit(f"This is {name}, a plugin of zagg: zagg starts it. List it under `plugins:` in a run's configuration, or try `zagg plugins verify`.")
    if "1" not in os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "1").split(","):
        sys.exit(f"This plugin speaks version 1 of the protocol; the host speaks {os.environ['PLUGIN_PROTOCOL_VERSIONS']}.")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stdout = os.dup(1)
    os.dup2(2, 1)
    server = grpc.server(
        # A thread for every call, so that none, the health check least of all, waits for another.
        futures.ThreadPoolExecutor(max_workers=1 << 14),
        handlers=handlers(Service(things, name, version, silence)),
        options=[("grpc.max_receive_message_length", _MAX_MESSAGE), ("grpc.max_send_message_length", _MAX_MESSAGE), ("grpc.so_reuseport", 0)],
    )
    folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or tempfile.mkdtemp()
    address = os.path.join(folder, f"plugin{os.getpid()}.sock")
    server.add_insecure_port("unix:" + address)
    server.start()
    os.write(stdout, f"1|1|unix|{address}|grpc|\n".encode())
    os.close(stdout)
    threading.Thread(target=_leave_with_the_host, daemon=True).start()
    server.wait_for_termination()


def _leave_with_the_host() -> None:
    """Exit when the host is gone: nothing is written to stdin, so reading it ends only then."""
    while os.read(0, 1):
        pass
    os._exit(0)


def handlers(service: Service) -> list[grpc.GenericRpcHandler]:
    """The services of one plugin."""
    single, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler

    def method(make: Callable[..., Any], call: Callable[..., Any], request: str) -> Any:
        guard = _guard_stream if inspect.isgeneratorfunction(call) else _guard
        return make(guard(call), request_deserializer=wire.decoder(request), response_serializer=wire.encode)

    s, both = service, grpc.stream_stream_rpc_method_handler

    def raw(reply: Callable[[], bytes]) -> Any:
        return single(lambda request, context: reply())

    return [grpc.method_handlers_generic_handler(n, m) for n, m in {
        "zagg.v1.Plugin": {
            "Describe": method(single, s.describe, "Empty"),
            "Configure": method(single, s.configure, "ConfigureRequest"),
            "Release": method(single, s.release, "Handle"),
        },
        "zagg.v1.Grid": {
            "Cover": method(stream, s.cover, "CoverRequest"),
            "Shards": method(stream, s.shards, "ShardsRequest"),
            "Cells": method(stream, s.cells, "CellsRequest"),
            "Locate": method(single, s.locate, "LocateRequest"),
            "LocateIn": method(single, s.locate_in, "LocateInRequest"),
            "Names": method(stream, s.names, "NamesRequest"),
            "CoverCells": method(stream, s.cover_cells, "CoverCellsRequest"),
            "CellAreas": method(single, s.cell_areas, "CellAreasRequest"),
        },
        "zagg.v1.Reader": {
            "Read": method(both, s.read, "ReadToPlugin"),
            "Index": method(both, s.index, "ReadToPlugin"),
            "Identify": method(single, s.identify, "IdentifyRequest"),
        },
        "zagg.v1.Statistic": {
            "Upload": method(grpc.stream_unary_rpc_method_handler, s.upload, "UploadFrame"),
            "Drop": method(single, s.drop, "DropRequest"),
            "Compute": method(stream, s.compute, "ComputeRequest"),
            "Fold": method(stream, s.fold, "ComputeRequest"),
        },
        "grpc.health.v1.Health": {"Check": raw(lambda: b"\x08\x01")},
        "plugin.GRPCController": {"Shutdown": raw(_shut_down)},
    }.items()]


def _shut_down() -> bytes:
    threading.Timer(0.05, os._exit, (0,)).start()
    return b""


def _guard(call: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(request, context)
        except BaseException as e:  # sys.exit() and what extensions raise must not leave the host waiting
            _fail(context, e)

    return guarded


def _guard_stream(call: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        try:
            yield from call(request, context)
        except GeneratorExit:
            raise
        except BaseException as e:
            _fail(context, e)

    return guarded


def _fail(context: grpc.ServicerContext, e: BaseException) -> None:
    if not isinstance(e, Error):
        traceback.print_exception(e)
        e = Error(Code.INTERNAL, f"{type(e).__name__}: {e}")
    message = Message("Error", code=int(e.code), op=e.op, subject=e.subject[:200], text=e.text, refused=e.refused)
    message.text = message.text.encode()[:2048].decode("utf-8", "ignore")
    context.set_trailing_metadata((("zagg-error-bin", message.encode()),))
    context.abort(_STATUS[e.code], message.text.replace("\n", " ")[:500] or e.code.name)


def _parts(i: int, keys: Sequence[str]) -> Iterator[Message]:
    """The shards of region or set i, some at a time."""
    keys = sort_keys(keys)
    for first in range(0, len(keys), 4096):
        yield Message("CoverPart", region=i, keys=keys[first : first + 4096])


class Service:
    """What the calls do: the things that were configured, and the values that were uploaded."""

    def __init__(self, things: tuple[type, ...], name: str, version: str, silence: float = 0) -> None:
        self.name, self.version, self.silence = name, version, round(silence)
        self.makers = {}
        for t in things:
            kind = next((n for n, base in _KINDS if issubclass(t, base)), 0)
            label = getattr(t, "name", "")
            if not kind or not label:
                raise TypeError(f"{t!r} is no Grid, Reader or Statistic with a name")
            self.makers[kind, label] = t
        self.numbers = itertools.count(1)
        self.made: dict[int, Any] = {}
        self.values: dict[int, Buffer] = {}

    # Plugin

    def describe(self, request: Message, context: Any) -> Message:
        makers = [
            Message("Maker", kind=kind, name=name, doc=inspect.cleandoc(t.__doc__ or "").partition("\n")[0], schema=schema(t))
            for (kind, name), t in sorted(self.makers.items())
        ]
        return Message("PluginInfo", name=self.name, version=self.version, makers=makers, silence=self.silence)

    def configure(self, request: Message, context: Any) -> Message:
        make = self.makers.get((request.kind, request.name))
        if make is None:
            raise Error(Code.NOT_FOUND, f"plugin {self.name} has none of this name", subject=request.name)
        thing = construct(make, request.config)
        handle = next(self.numbers)
        instance = Message("Instance", handle=handle)
        if isinstance(thing, Grid):
            instance.grid = Message("GridInfo", signature=canonical(thing.signature()), frame=thing.frame.message())
            instance.can_name = hasattr(thing, "names")
            instance.can_locate_in = hasattr(thing, "locate_in")
            instance.can_cover_cells = hasattr(thing, "cover_cells")
            instance.can_measure = hasattr(thing, "cell_areas")
        elif isinstance(thing, Reader):
            columns = [c.message() for c in thing.columns]
            instance.product = Message("ProductInfo", product=thing.product, version=thing.version, groups=list(thing.groups), columns=columns)
            instance.can_index = hasattr(thing, "index")
            instance.can_identify = hasattr(thing, "identify")
        else:
            inputs = [(Input(i) if isinstance(i, str) else i).message() for i in thing.inputs]
            if thing.folds not in _FOLDS:
                raise invalid(f"folds is {thing.folds!r}; have {', '.join(_FOLDS)}")
            instance.statistic = Message("StatisticInfo", inputs=inputs, outputs=[o.message() for o in thing.outputs],
                                         folds=_FOLDS.index(thing.folds), any_type=bool(thing.any_type))
            instance.can_fold = hasattr(thing, "fold")
        self.made[handle] = thing
        return instance

    def release(self, request: Message, context: Any) -> Message:
        self.made.pop(request.handle, None)
        return Message("Empty")

    def thing(self, handle: int, kind: type) -> Any:
        thing = self.made.get(handle)
        if not isinstance(thing, kind):
            raise invalid(f"handle {handle} is no {kind.__name__.lower()}")
        return thing

    # Grid

    def cover(self, request: Message, context: Any) -> Iterator[Message]:
        grid = self.thing(request.handle, Grid)
        found = grid.cover([Region.decode(r) for r in request.regions])
        if len(found) != len(request.regions):
            raise ValueError(f"cover gave {len(found)} lists for {len(request.regions)} regions")
        for i, keys in enumerate(found):
            for part in _parts(i, keys):
                yield Message("CoverReply", parts=[part])

    def cover_cells(self, request: Message, context: Any) -> Iterator[Message]:
        sets = [np.frombuffer(s.words, "<u8") for s in request.sets]
        found = self.thing(request.handle, Grid).cover_cells(sets, [s.margin for s in request.sets])
        if len(found) != len(sets):
            raise ValueError(f"cover_cells gave {len(found)} lists for {len(sets)} sets of cells")
        yield Message("CoverCellsReply", unusable=[i for i, keys in enumerate(found) if keys is None])
        for i, keys in enumerate(found):
            for part in _parts(i, keys or []):
                yield Message("CoverCellsReply", parts=[part])

    def shards(self, request: Message, context: Any) -> Iterator[Message]:
        shards = self.thing(request.handle, Grid).shards(request.keys)
        for first in range(0, len(shards), 256):
            yield Message("ShardsReply", shards=[s.message() for s in shards[first : first + 256]])

    def cells(self, request: Message, context: Any) -> Iterator[Message]:
        yield from frames(self.thing(request.handle, Grid).cells(request.key))

    def locate(self, request: Message, context: Any) -> Message:
        lon, lat = _points(request)
        slot = np.asarray(self.thing(request.handle, Grid).locate(request.key, lon, lat))
        if slot.shape != lon.shape:
            raise ValueError(f"locate gave shape {slot.shape} for {len(lon)} points")
        return Message("LocateReply", slot=octets(np.ascontiguousarray(slot, "<i4")))

    def locate_in(self, request: Message, context: Any) -> Message:
        lon, lat = _points(request)
        shard, slot = (np.asarray(a) for a in self.thing(request.handle, Grid).locate_in(list(request.keys), lon, lat))
        if shard.shape != lon.shape or slot.shape != lon.shape:
            raise ValueError(f"locate_in gave shapes {shard.shape} and {slot.shape} for {len(lon)} points")
        return Message("LocateInReply", shard=octets(np.ascontiguousarray(shard, "<i4")), slot=octets(np.ascontiguousarray(slot, "<i4")))

    def names(self, request: Message, context: Any) -> Iterator[Message]:
        lon, lat = _points(request)
        yield from frames(self.thing(request.handle, Grid).names(lon, lat))

    def cell_areas(self, request: Message, context: Any) -> Message:
        slots = np.frombuffer(request.slots, "<i4")
        areas = np.asarray(self.thing(request.handle, Grid).cell_areas(request.key, slots))
        if areas.shape != slots.shape:
            raise ValueError(f"cell_areas gave shape {areas.shape} for {len(slots)} slots")
        return Message("CellAreasReply", areas=octets(np.ascontiguousarray(areas, "<f8")))

    # Reader

    def read(self, requests: Iterator[Message], context: Any) -> Iterator[Message]:
        yield from Conversation(requests, context).read(self._reader)

    def index(self, requests: Iterator[Message], context: Any) -> Iterator[Message]:
        yield from Conversation(requests, context).index(self._reader)

    def identify(self, request: Message, context: Any) -> Message:
        know: Callable[[str], Identity | None] = getattr(self._reader(request.handle), "identify")
        found = [know(name) or Identity("") for name in request.names]
        return Message("IdentifyReply", identities=[Message("Identity", data=i.data, version=list(i.version), part=i.part) for i in found])

    def _reader(self, handle: int) -> Reader:
        reader: Reader = self.thing(handle, Reader)
        return reader

    # Statistic

    def upload(self, requests: Iterator[Message], context: Any) -> Message:
        parts: list[Buffer] = []
        have = 0
        for frame in requests:
            parts.append(frame.data)
            have += len(frame.data)
            if have > frame.bytes:
                raise invalid(f"value {frame.id} has more than its {frame.bytes} bytes")
            if have == frame.bytes:
                self.values[frame.id] = b"".join(parts)
                parts, have = [], 0
        if parts:
            raise invalid("the last value is cut")
        return Message("Empty")

    def drop(self, request: Message, context: Any) -> Message:
        for number in request.ids:
            self.values.pop(number, None)
        return Message("Empty")

    def compute(self, request: Message, context: Any) -> Iterator[Message]:
        statistic = self.thing(request.handle, Statistic)
        groups = self._groups(request)
        check_inputs(statistic, groups)
        yield from _outputs(statistic, groups, statistic.compute(groups))

    def fold(self, request: Message, context: Any) -> Iterator[Message]:
        statistic = self.thing(request.handle, Statistic)
        if len(request.rows) != len(statistic.outputs) or len(request.cells):
            raise invalid(f"what is folded must be the statistic's {len(statistic.outputs)} outputs, not {len(request.rows)} columns")
        groups = self._groups(request, [o.name for o in statistic.outputs])
        check_parts(statistic, groups)
        yield from _outputs(statistic, groups, statistic.fold(groups))

    def _value(self, v: Message | None) -> Buffer:
        if v is None:
            return b""
        if v.id == 0:
            data: Buffer = v.data
            return data
        try:
            return self.values[int(v.id)]
        except KeyError:
            raise invalid(f"value {v.id} was not uploaded") from None

    def _groups(self, request: Message, names: Sequence[str] = ()) -> Groups:
        """The groups of a request, whose rows are called by names where these are given."""
        groups = Groups(np.frombuffer(self._value(request.slots), "<i4"), np.frombuffer(self._value(request.offsets), "<i8"))
        if len(groups.offsets) != len(groups.slots) + 1:
            raise invalid(f"{len(groups.offsets)} offsets for {len(groups.slots)} cells")
        for columns, into in ((request.rows, groups.rows), (request.cells, groups.cells)):
            for i, c in enumerate(columns):
                column = from_payload(c.head, self._value(c.payload))
                values: Any = column.values
                into[names[i] if names else column.name] = values
                if column.fill is not None:
                    groups.fills[column.name] = column.fill
                if column.valid is not None:
                    groups.valid[column.name] = column.valid
                if column.absent is not None:
                    groups.absent[column.name] = column.absent
        return groups


def _points(request: Message) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = np.frombuffer(request.lon, "<f8"), np.frombuffer(request.lat, "<f8")
    if len(lon) != len(lat):
        raise invalid(f"{len(lon)} longitudes and {len(lat)} latitudes")
    return lon, lat


def _outputs(statistic: Statistic, groups: Groups, result: Any) -> Iterator[Message]:
    results = as_results(statistic, groups, result)
    yield from frames(Column(o.name, r) for o, r in zip(statistic.outputs, results))
