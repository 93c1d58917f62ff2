import importlib
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


@pytest.fixture(scope="session")
def proto():
    """The protocol as protoc makes it: the other side in tests."""
    import make_schema

    return make_schema.compile_proto()


class Process:
    """A plugin as the host starts it."""

    def __init__(self, script: pathlib.Path, folder: pathlib.Path) -> None:
        env = {
            "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src"), "ZAGG_PLUGIN": "grids-readers-statistics",
            "PLUGIN_PROTOCOL_VERSIONS": "1", "PLUGIN_UNIX_SOCKET_DIR": str(folder),
        }
        self.process = subprocess.Popen([sys.executable, script], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.line = self.process.stdout.readline().decode()
        self.address = self.line.split("|")[3] if self.line.count("|") == 5 else ""

    def channel(self):
        import grpc

        size = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]
        return grpc.insecure_channel("unix:" + self.address, options=size)

    def call(self, kind, name, request, reply):
        """unary_unary, unary_stream, stream_unary or stream_stream call of a method."""
        make = getattr(self.channel(), kind)
        return make(f"/zagg.v1.{name}", request_serializer=lambda m: m.SerializeToString(), response_deserializer=reply.FromString)


@pytest.fixture
def start(tmp_path):
    started = []

    def start(text: str) -> Process:
        script = tmp_path / "plugin.py"
        script.write_text(text)
        started.append(Process(script, tmp_path))
        return started[-1]

    yield start
    for p in started:
        p.process.kill()
        p.process.wait()
