"""A plugin that misbehaves: faulty.py KIND CALL SILENCE [once=FILE], with CALL one of the protocol's, SILENCE the seconds that it declares, and FILE one
that says that it has gone wrong already."""

import ctypes
import os
import signal
import sys
import time

import numpy as np
from zagg_plugin import Batch, Code, Column, Dim, Error, Field, Frame, Grid, Identity, Reader, Region, Shard, Statistic, decoding, serve
from zagg_plugin.server import Service

KIND, CALL, SILENCE = sys.argv[1:4]
ONCE = sys.argv[4].removeprefix("once=") if len(sys.argv) > 4 else None


class Panic(BaseException):
    """What extensions raise that no `except Exception` catches."""


def strike(call):
    """Go wrong, if this is the call."""
    if call != CALL:
        return
    if ONCE:
        try:
            os.close(os.open(ONCE, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
    print(f"faulty: {KIND} now", flush=True)
    if KIND == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif KIND == "exit":
        sys.exit("no model")
    elif KIND == "leave":
        os._exit(7)
    elif KIND == "panic":
        raise Panic("index out of bounds")
    elif KIND == "bug":
        raise KeyError("h_li")
    elif KIND == "corrupt":
        with decoding("the header", "g"):
            raise ValueError("no header")
    elif KIND == "refuse":
        raise Error(Code.UNSUPPORTED, "only polar orbits")
    elif KIND == "hold":  # the interpreter's lock, for longer than health checks are waited for
        ctypes.PyDLL(None).sleep(2)
    elif KIND == "hang":
        ctypes.PyDLL(None).sleep(1000)
    elif KIND == "block":
        time.sleep(1000)
    elif KIND == "slow":
        time.sleep(0.5)
    elif KIND == "leak":
        kept = []
        while True:
            kept.append(np.ones(4 << 20))
            time.sleep(0.02)


def answer(call, right, wrong):
    """What is right, or wrong in the way that was asked for. What is huge is only made then."""
    strike(call)
    if call != CALL or KIND not in wrong:
        return right
    return wrong[KIND]() if callable(wrong[KIND]) else wrong[KIND]


class Total(Statistic):
    """The sum of each cell."""

    name = "total"
    outputs = (Field(dtype=np.float64, fill="NaN"),)

    def __init__(self) -> None:
        strike("Configure")

    def compute(self, groups):
        return self.sums("Compute", groups, "source")

    def fold(self, groups):
        return self.sums("Fold", groups, "")

    def sums(self, call, groups, name):
        sums = groups.reduce(np.add, groups.rows[name].astype(float))
        return answer(call, sums, {"lengths": sums[:0], "huge": lambda: np.zeros((len(sums) + 1) * 1_000_000), "garbage": "no numbers"})


class Rows(Reader):
    """Rows that nobody wrote."""

    name = "rows"
    columns = (Field("v", np.float64),)

    def read(self, granule, query):
        if "index" in granule.files:
            try:
                granule.index_use = "used" if granule["index"].read() == self.indexed(granule) else "stale"
            except Error as e:
                if e.code != Code.NOT_FOUND:
                    raise
                granule.index_use = "missing"
        yield Batch("", np.array([1.0]), np.array([2.0]), {"v": np.array([3.0])})
        strike("Read")
        if CALL == "Read" and KIND == "lengths":
            yield Batch("", np.array([1.0]), np.array([2.0]), {"v": np.array([3.0, 4.0])})
        if CALL == "Read" and KIND == "garbage":
            yield "no batch"
        if CALL == "Read" and KIND == "huge":
            yield Batch("", np.ones(3_000_000), np.ones(3_000_000), {"v": np.ones(2)})

    def index(self, granule, query):
        return answer("Index", self.indexed(granule), {"lengths": [b"one", b"row"], "huge": lambda: b"x" * (300 << 20), "garbage": "no bytes"})

    def indexed(self, granule):
        return b"one row, %d bytes" % granule.data.size

    def identify(self, name):
        data = name.rpartition("_")[0]
        wrong = {"lengths": Identity("", (1, 2, 3)), "huge": lambda: Identity("x" * (70 << 20), (1,)), "garbage": "no identity"}
        return answer("Identify", Identity(data, (1,)) if data else None, wrong)


class Halves(Grid):
    """The western and the eastern half of the Earth."""

    name = "halves"
    frame = Frame("halves", [Dim("cell", 2, 1, 1)], coords=[Field("half", np.float64)])

    def signature(self):
        return {"type": "halves"}

    def cover(self, regions):
        both = [["0", "1"] if r.polygons else [] for r in regions]
        return answer("Cover", both, {"lengths": both + both, "huge": lambda: [["0"] * 3_000_000 for _ in regions], "garbage": [3]})

    def shards(self, keys):
        box = [(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0)]
        all = [Shard(k, k, (int(k),), Region([[box]], planar=True), 255_032_810.0) for k in keys]
        return answer("Shards", all, {"lengths": all + all, "huge": lambda: all * 500_000, "garbage": ["0"]})

    def cells(self, key):
        def columns(n):
            return [Column("lon", np.full(n, -90.0 if key == "0" else 90.0)), Column("lat", np.zeros(n)), Column("half", np.full(n, float(key)))]
        return answer("Cells", columns(1), {"lengths": columns(2), "huge": lambda: columns(20_000_000), "garbage": "no columns"})

    def locate(self, key, lon, lat):
        slots = np.where(half(lon, lat) == int(key), 0, -1).astype(np.int32)
        return answer("Locate", slots, {"lengths": slots[:0], "huge": lambda: np.zeros(30_000_000, np.int32), "garbage": "no slots"})

    def locate_in(self, keys, lon, lat):
        if len(set(keys)) < len(keys):
            raise Error(Code.INVALID, "a shard is there twice")
        place = {int(key): i for i, key in enumerate(keys)}
        shard = np.array([place.get(h, -1) for h in half(lon, lat)], np.int32)
        right = shard, np.where(shard >= 0, 0, -1).astype(np.int32)
        many = np.zeros(10_000_000, np.int32)
        return answer("LocateIn", right, {"lengths": (shard, shard[:0]), "huge": lambda: (many, many), "garbage": "no slots"})

    def names(self, lon, lat):
        found = half(lon, lat)

        def columns(n):
            return [Column("half", np.resize(np.where(found < 0, 0.0, found), n)), Column("shard_key", ["" if h < 0 else str(h) for h in np.resize(found, n)])]

        return answer("Names", columns(len(found)), {"lengths": columns(len(found) + 1), "huge": lambda: [Column("half", np.zeros(20_000_000))], "garbage": "no columns"})

    def cover_cells(self, sets, margins):
        if len(sets) != len(margins):
            raise Error(Code.INVALID, "sets and margins")
        both = [["0", "1"] if len(s) and all(1 <= int(word) >> 60 <= 12 for word in s) else None for s in sets]
        return answer("CoverCells", both, {"lengths": both + both, "huge": lambda: both * 1_000_000, "garbage": [3]})

    def cell_areas(self, key, slots):
        if np.any(slots != 0):
            raise Error(Code.INVALID, "there is one slot", subject=key)
        areas = np.full(len(slots), 255_032_810.0)
        return answer("CellAreas", areas, {"lengths": areas[:0], "huge": lambda: np.zeros(10_000_000), "garbage": "no areas"})


def half(lon, lat):
    """The half of the Earth in which each point lies: 0, 1, or -1 for none."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(lon) & (np.abs(lat) <= 90), np.where(np.mod(lon + 180, 360) >= 180, 1, 0), -1)


def struck(call, method):
    """A method of the service that goes wrong, where the kit answers a call itself."""

    def strikes(self, request, context):
        strike(call)
        return method(self, request, context)

    return strikes


if __name__ == "__main__":
    Service.upload, Service.drop, Service.describe = struck("Upload", Service.upload), struck("Drop", Service.drop), struck("Describe", Service.describe)
    serve(Total, Rows, Halves, name="faulty", version="1", silence=float(SILENCE))
