import random

import pytest

import make_schema
from zagg_plugin import _message, _schema
from zagg_plugin._message import Message


def test_schema_is_that_of_the_protocol(proto):
    text = make_schema.schema(proto)
    assert text == (make_schema.HERE / "src/zagg_plugin/_schema.py").read_text(), "run make_schema.py"


def fill(kind, rng, depth=0):
    """A message with random contents, as ours."""
    m = Message(kind)
    taken = set()
    for name, of, repeated, oneof in _schema.MESSAGES[kind].values():
        if rng.random() < 0.3 or oneof in taken and oneof:
            continue
        taken.add(oneof)
        make = {
            "string": lambda: rng.choice(["", "gt1l", "ü" * 200]), "bytes": lambda: rng.randbytes(rng.choice([0, 1, 300])), "bool": lambda: rng.random() < 0.5,
            "double": lambda: rng.choice([0.0, -1.5, 1e300]), "enum": lambda: rng.randrange(3), "uint32": lambda: rng.choice([0, 1, 2**32 - 1]),
            "uint64": lambda: rng.choice([0, 127, 128, 2**64 - 1]), "int64": lambda: rng.choice([0, -1, 2**63 - 1, -(2**63)]),
            "int32": lambda: rng.choice([0, -1, 2**31 - 1]),
        }.get(of, lambda: fill(of, rng, depth + 1))
        if of in _schema.MESSAGES and depth > 3:
            continue
        setattr(m, name, [make() for _ in range(rng.randrange(4))] if repeated else make())
    return m


@pytest.mark.parametrize("kind", sorted(_schema.MESSAGES))
def test_both_codecs_read_each_other(proto, kind):
    rng = random.Random(kind)
    for _ in range(30):
        ours = fill(kind, rng)
        theirs = getattr(proto, kind).FromString(ours.encode())
        back = _message.decode(kind, theirs.SerializeToString())
        assert back.encode() == ours.encode()
        assert getattr(proto, kind).FromString(back.encode()) == theirs


def test_damage_is_a_value_error(proto):
    rng = random.Random(1)
    for _ in range(3000):
        kind = rng.choice(sorted(_schema.MESSAGES))
        data = bytearray(fill(kind, rng).encode())
        if not data:
            continue
        if rng.random() < 0.5:
            data = data[: rng.randrange(len(data))]
        else:
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            _message.decode(kind, bytes(data))
        except ValueError:
            pass


def test_unknown_fields_are_passed_over():
    assert _message.decode("Handle", b"\x08\x07\xfa\x01\x03abc\xf9\x01" + b"x" * 8).handle == 7
