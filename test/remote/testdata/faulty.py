"""A plugin that misbehaves: faulty.py KIND CALL [once=FILE], with CALL one of Configure, Compute, Read, Cover, Shards, Cells and Locate, and FILE one
that says that it has gone wrong already."""

import ctypes
import os
import signal
import sys
import time

import numpy as np
from zagg_plugin import Batch, Code, Column, Dim, Error, Field, Frame, Grid, Reader, Region, Shard, Statistic, decoding, serve

KIND, CALL = sys.argv[1:3]
ONCE = sys.argv[3].removeprefix("once=") if len(sys.argv) > 3 else None


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


class Total(Statistic):
    """The sum of each cell."""

    name = "total"
    outputs = (Field(dtype=np.float64, fill="NaN"),)

    def __init__(self) -> None:
        strike("Configure")

    def compute(self, groups):
        strike("Compute")
        sums = groups.reduce(np.add, groups["source"].astype(float))
        if CALL == "Compute" and KIND == "lengths":
            return sums[:0]
        if CALL == "Compute" and KIND == "huge":
            return np.zeros((len(sums) + 1) * 1_000_000)
        if CALL == "Compute" and KIND == "garbage":
            return "no numbers"
        return sums


class Rows(Reader):
    """Rows that nobody wrote."""

    name = "rows"
    columns = (Field("v", np.float64),)

    def read(self, granule, query):
        yield Batch("", np.array([1.0]), np.array([2.0]), {"v": np.array([3.0])})
        strike("Read")
        if CALL == "Read" and KIND == "lengths":
            yield Batch("", np.array([1.0]), np.array([2.0]), {"v": np.array([3.0, 4.0])})
        if CALL == "Read" and KIND == "garbage":
            yield "no batch"
        if CALL == "Read" and KIND == "huge":
            yield Batch("", np.ones(3_000_000), np.ones(3_000_000), {"v": np.ones(2)})


class Halves(Grid):
    """The western and the eastern half of the Earth."""

    name = "halves"
    frame = Frame("halves", [Dim("cell", 2, 1, 1)], coords=[Field("half", np.float64)])

    def signature(self):
        return {"type": "halves"}

    def answer(self, call, right, wrong):
        """What is right, or wrong in the way that was asked for."""
        strike(call)
        return wrong[KIND] if call == CALL and KIND in wrong else right

    def cover(self, regions):
        both = [["0", "1"] if r.polygons else [] for r in regions]
        return self.answer("Cover", both, {"lengths": both + both, "huge": [["0"] * 3_000_000 for _ in regions], "garbage": [3]})

    def shards(self, keys):
        box = [(-180.0, -90.0), (180.0, -90.0), (180.0, 90.0), (-180.0, 90.0)]
        all = [Shard(k, k, (int(k),), Region([[box]], planar=True), 255_032_810.0) for k in keys]
        return self.answer("Shards", all, {"lengths": all + all, "huge": all * 500_000, "garbage": ["0"]})

    def cells(self, key):
        def columns(n):
            return [Column("lon", np.full(n, -90.0 if key == "0" else 90.0)), Column("lat", np.zeros(n)), Column("half", np.full(n, float(key)))]
        return self.answer("Cells", columns(1), {"lengths": columns(2), "huge": columns(20_000_000), "garbage": "no columns"})

    def locate(self, key, lon, lat):
        east = np.where(np.mod(lon + 180, 360) >= 180, "1", "0")
        slots = np.where((east == key) & (np.abs(lat) <= 90), 0, -1).astype(np.int32)
        return self.answer("Locate", slots, {"lengths": slots[:0], "huge": np.zeros(30_000_000, np.int32), "garbage": "no slots"})


if __name__ == "__main__":
    serve(Total, Rows, Halves, name="faulty", version="1", silence=1 if KIND in ("hang", "block") else 600)
