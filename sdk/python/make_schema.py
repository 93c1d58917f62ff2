"""Write src/zagg_plugin/_schema.py from the protocol. Needs grpcio-tools; run after every change of the .proto file."""

import importlib
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
PROTO = HERE.parent.parent / "proto"
KINDS = {1: "double", 3: "int64", 4: "uint64", 5: "int32", 8: "bool", 9: "string", 12: "bytes", 13: "uint32", 14: "enum"}


def compile_proto():
    """The protocol's module as protoc makes it."""
    from grpc_tools import protoc

    out = tempfile.mkdtemp()
    if protoc.main(["protoc", f"-I{PROTO}", f"--python_out={out}", "zagg/v1/zagg.proto"]) != 0:
        sys.exit("protoc failed")
    sys.path.insert(0, out)
    return importlib.import_module("zagg.v1.zagg_pb2")


def schema(module) -> str:
    lines = ['"""The messages of the protocol: number -> (name, kind, repeated, oneof). Made by make_schema.py; do not edit."""', "",
             "MESSAGES: dict[str, dict[int, tuple[str, str, bool, str]]] = {"]
    for name, message in sorted(module.DESCRIPTOR.message_types_by_name.items()):
        lines.append(f'    "{name}": {{')
        for f in sorted(message.fields, key=lambda f: f.number):
            kind = f.message_type.name if f.message_type else KINDS[f.type]
            oneof = f.containing_oneof.name if f.containing_oneof else ""
            lines.append(f'        {f.number}: ("{f.name}", "{kind}", {f.is_repeated}, "{oneof}"),')
        lines.append("    },")
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    (HERE / "src" / "zagg_plugin" / "_schema.py").write_text(schema(compile_proto()))
