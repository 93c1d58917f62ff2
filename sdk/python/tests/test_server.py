import json
import queue
import signal
import time

import grpc
import numpy as np
import pytest

PLUGIN = '''
import sys, time
import numpy as np
from zagg_plugin import *

class Spread(Statistic):
    """Maximum less minimum."""
    name = "spread"
    folds = "approximately"
    def __init__(self, factor: float = 1): self.factor = factor
    def compute(self, groups):
        print("noise on stdout")
        h = groups["source"]
        return (groups.reduce(np.maximum, h) - groups.reduce(np.minimum, h)) * self.factor
    def fold(self, groups):
        return groups.reduce(np.maximum, next(iter(groups.rows.values())))

class Broken(Statistic):
    name = "broken"
    def compute(self, groups): raise RuntimeError("oops")

class Panic(BaseException):
    """What extensions in other languages raise."""

class Leaving(Statistic):
    name = "leaving"
    def __init__(self, how: str = "exit"):
        self.how = how
        if how == "early": sys.exit("no licence")
    def compute(self, groups):
        if self.how == "panic": raise Panic("at src/lib.rs")
        if self.how == "interrupt": raise KeyboardInterrupt
        sys.exit(3)

class Lines(Reader):
    name = "lines"
    groups = ("", )
    columns = (Field("h", "f8"),)
    def read(self, granule, query):
        if granule.id == "exit": sys.exit(4)
        if granule.id == "bug": {}["key"]
        if granule.id == "damaged":
            with decoding("the header", granule.id): int("x")
        if granule.id == "slow":
            while True:
                yield Batch("", np.zeros(1), np.zeros(1), {"h": np.zeros(1)})
        with granule.data.open(16) as f:
            table = np.loadtxt(f, delimiter=",", ndmin=2)
        yield Batch("", table[:, 0], table[:, 1], {"h": table[:, 2]})
    def index(self, granule, query):
        return granule.data.read()
    def identify(self, name):
        data, found, revision = name.removesuffix(".csv").partition("-")
        return Identity(data, (2, int(revision)), "") if found else None

if __name__ == "__main__":
    serve(Spread, Broken, Leaving, Lines, name="example", version="1.2")
'''


@pytest.fixture
def plugin(start):
    p = start(PLUGIN)
    assert p.line.startswith("1|1|unix|/") and p.line.endswith("|grpc|\n")
    return p


def configure(p, proto, kind, name, config=b""):
    return p.call("unary_unary", "Plugin/Configure", None, proto.Instance)(proto.ConfigureRequest(kind=kind, name=name, config=config))


def error(proto, e):
    return proto.Error.FromString(dict(e.value.trailing_metadata())["zagg-error-bin"])


def test_describe_and_health(plugin, proto):
    info = plugin.call("unary_unary", "Plugin/Describe", None, proto.PluginInfo)(proto.Empty())
    assert (info.name, info.version) == ("example", "1.2")
    assert [(m.kind, m.name, m.doc) for m in info.makers] == [(2, "lines", ""), (3, "broken", ""), (3, "leaving", ""), (3, "spread", "Maximum less minimum.")] 
    assert json.loads(info.makers[-1].schema)["properties"]["factor"]["type"] == "number"
    assert plugin.channel().unary_unary("/grpc.health.v1.Health/Check")(b"\x0a\x06plugin") == b"\x08\x01"


def values(a):
    return np.asarray(a).tobytes()


def compute(p, proto, handle, method="Compute", **upload):
    slots, offsets, rows = np.array([2, 5], "<i4"), np.array([0, 2, 3], "<i8"), np.array([1.0, 4, 9])
    head = proto.ColumnHead(name="source", type=11, width=1, rows=3, bytes=24)
    request = proto.ComputeRequest(
        handle=handle, slots=proto.Value(data=values(slots)), offsets=proto.Value(data=values(offsets)),
        rows=[proto.InputColumn(head=head, payload=proto.Value(**(upload or {"data": values(rows)})))],
    )
    frames = list(p.call("unary_stream", "Statistic/" + method, None, proto.ColumnFrame)(request))
    assert frames[0].pieces[0].head.rows == 2
    return np.frombuffer(b"".join(x.data for f in frames for x in f.pieces), "<f8")


def test_a_statistic(plugin, proto):
    made = configure(plugin, proto, 3, "spread", b'{"factor": 10}')
    assert made.can_fold and made.statistic.folds == 3 and made.statistic.inputs[0].name == "source" and made.statistic.outputs[0].type == 11
    np.testing.assert_array_equal(compute(plugin, proto, made.handle), [30, 0])
    np.testing.assert_array_equal(compute(plugin, proto, made.handle, "Fold"), [4, 9])


def test_uploaded_values(plugin, proto):
    made = configure(plugin, proto, 3, "spread")
    data = values([1.0, 4, 9])
    frames = [proto.UploadFrame(id=7, bytes=24, data=data[:10]), proto.UploadFrame(id=7, bytes=24, data=data[10:]), proto.UploadFrame(id=8, bytes=0)]
    plugin.call("stream_unary", "Statistic/Upload", None, proto.Empty)(iter(frames))
    np.testing.assert_array_equal(compute(plugin, proto, made.handle, id=7), [3, 0])
    plugin.call("unary_unary", "Statistic/Drop", None, proto.Empty)(proto.DropRequest(ids=[7, 99]))
    with pytest.raises(grpc.RpcError) as e:
        compute(plugin, proto, made.handle, id=7)
    assert e.value.code() is grpc.StatusCode.INVALID_ARGUMENT and "was not uploaded" in error(proto, e).text


def test_errors_have_codes(plugin, proto):
    with pytest.raises(grpc.RpcError) as e:
        configure(plugin, proto, 3, "spread", b'{"factr": 1}')
    assert e.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error(proto, e).code == 1 and error(proto, e).subject == "factr"
    with pytest.raises(grpc.RpcError) as e:
        configure(plugin, proto, 1, "spread")
    assert e.value.code() is grpc.StatusCode.NOT_FOUND
    with pytest.raises(grpc.RpcError) as e:
        compute(plugin, proto, configure(plugin, proto, 3, "broken").handle)
    assert e.value.code() is grpc.StatusCode.INTERNAL and error(proto, e).text == "RuntimeError: oops"
    with pytest.raises(grpc.RpcError) as e:
        compute(plugin, proto, 12345)
    assert e.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("how,want", [("exit", "SystemExit: 3"), ("panic", "Panic: at src/lib.rs"), ("interrupt", "KeyboardInterrupt")])
def test_what_is_no_exception_ends_the_call(plugin, proto, how, want):
    made = configure(plugin, proto, 3, "leaving", json.dumps({"how": how}).encode())
    with pytest.raises(grpc.RpcError) as e:
        compute(plugin, proto, made.handle)
    assert e.value.code() is grpc.StatusCode.INTERNAL and error(proto, e).text.startswith(want)
    with pytest.raises(grpc.RpcError) as e:
        configure(plugin, proto, 3, "leaving", b'{"how": "early"}')
    assert "no licence" in error(proto, e).text


@pytest.mark.parametrize("granule,code", [("exit", 0), ("bug", 0), ("damaged", 5)])
def test_only_decoding_makes_a_granule_corrupt(plugin, proto, granule, code):
    made = configure(plugin, proto, 2, "lines")
    with pytest.raises(grpc.RpcError) as e:
        read(plugin, proto, made.handle, granule)
    assert error(proto, e).code == code


FILE = b"10.5,-70.25,100\n11,-71,200\n12,-72,300\n"


def read(p, proto, handle, granule="g", method="Read", refuse=None):
    """Play the host."""
    todo = queue.Queue()
    g = proto.Granule(id=granule, assets=[proto.Asset(name="data", url="mem:g.csv")])
    query = proto.Query(columns=["h"], rows=2, filters=[proto.Filter(column="h", op="ge", values=["150"], element=-1)])
    todo.put(proto.ReadToPlugin(start=proto.ReadStart(handle=handle, granule=g, query=query)))
    call = p.call("stream_stream", "Reader/" + method, None, proto.ReadToHost)(iter(todo.get, None))
    got = []
    for m in call:
        if m.WhichOneof("message") != "ask":
            got.append(m)
            continue
        if refuse:
            todo.put(proto.ReadToPlugin(answer=proto.Answer(ask=m.ask.ask, error=refuse, refused=3)))
        elif m.ask.stat:
            todo.put(proto.ReadToPlugin(answer=proto.Answer(ask=m.ask.ask, object=proto.ObjectInfo(size=len(FILE)), last=True)))
        else:
            parts = [FILE[r.offset : r.offset + r.length] for r in m.ask.ranges]
            todo.put(proto.ReadToPlugin(answer=proto.Answer(ask=m.ask.ask, lengths=[len(x) for x in parts], data=b"".join(parts)[:3])))
            todo.put(proto.ReadToPlugin(answer=proto.Answer(ask=m.ask.ask, data=b"".join(parts)[3:], last=True)))
    todo.put(None)
    return got


def test_a_read(plugin, proto):
    made = configure(plugin, proto, 2, "lines")
    assert made.can_index and made.product.columns[0].name == "h"
    batch, frame, done = read(plugin, proto, made.handle)
    assert (batch.batch.rows, batch.batch.refused) == (2, 1)
    columns = {x.head.name: np.frombuffer(x.data, "<f8") for x in frame.frame.pieces}
    np.testing.assert_array_equal(columns["h"], [200, 300])
    np.testing.assert_array_equal(columns["refused_lon"], [10.5])
    assert (done.done.rows, done.done.emitted) == (3, 2)
    index, done = read(plugin, proto, made.handle, method="Index")
    assert index.index == FILE


def test_identities(plugin, proto):
    made = configure(plugin, proto, 2, "lines")
    assert made.can_identify
    identify = plugin.call("unary_unary", "Reader/Identify", None, proto.IdentifyReply)
    reply = identify(proto.IdentifyRequest(handle=made.handle, names=["a-1.csv", "other.csv", ""]))
    assert [(i.data, list(i.version), i.part) for i in reply.identities] == [("a", [2, 1], ""), ("", [], ""), ("", [], "")]


def test_a_refused_ask_comes_back(plugin, proto):
    made = configure(plugin, proto, 2, "lines")
    with pytest.raises(grpc.RpcError) as e:
        read(plugin, proto, made.handle, refuse=proto.Error(code=3, op="s3", subject="mem:g.csv", text="expired"))
    assert e.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert (error(proto, e).refused, error(proto, e).text) == (3, "expired")


def test_a_cancelled_read_ends(plugin, proto):
    made = configure(plugin, proto, 2, "lines")
    start = proto.ReadToPlugin(start=proto.ReadStart(handle=made.handle, granule=proto.Granule(id="slow"), query=proto.Query(columns=["h"])))
    todo = queue.Queue()
    todo.put(start)
    call = plugin.call("stream_stream", "Reader/Read", None, proto.ReadToHost)(iter(todo.get, None))
    assert next(iter(call)).WhichOneof("message") == "batch"
    call.cancel()
    todo.put(None)
    np.testing.assert_array_equal(compute(plugin, proto, configure(plugin, proto, 3, "spread").handle), [3, 0])


def ended(p, seconds=10):
    return p.process.wait(seconds)


def test_it_leaves_with_the_host(plugin):
    plugin.process.stdin.close()
    assert ended(plugin) == 0


def test_it_ignores_interrupts_and_ends_on_request(plugin, proto):
    plugin.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    assert plugin.process.poll() is None
    plugin.channel().unary_unary("/plugin.GRPCController/Shutdown")(b"")
    assert ended(plugin) == 0


def test_print_goes_to_stderr(plugin, proto):
    compute(plugin, proto, configure(plugin, proto, 3, "spread").handle)
    plugin.process.stdin.close()
    ended(plugin)
    assert plugin.process.stdout.read() == b""


def test_started_by_hand(tmp_path):
    import pathlib
    import subprocess
    import sys

    script = tmp_path / "plugin.py"
    script.write_text(PLUGIN)
    source = pathlib.Path(__file__).parent.parent / "src"
    done = subprocess.run([sys.executable, script], env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(source)}, capture_output=True, text=True)
    assert done.returncode == 1 and "zagg starts it" in done.stderr
