import numpy as np
import pytest

from zagg_plugin import Column, Error, Ragged
from zagg_plugin.columns import FRAME, from_payload, frames, to_raw


def back(columns):
    """Columns as the other side puts them together again."""
    heads, payloads = [], []
    for frame in frames(columns):
        assert sum(len(p.data) for p in frame.pieces) <= FRAME
        for p in frame.pieces:
            if p.head is not None:
                heads.append(p.head)
                payloads.append(b"")
            payloads[-1] += p.data
    return [from_payload(h, d) for h, d in zip(heads, payloads)]


@pytest.mark.parametrize("dtype", ["?", "i1", "<i2", ">i4", "<i8", "u1", "u2", "u4", ">u8", "<f4", ">f8"])
@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (100_000,), (5, 3)])
def test_numbers(dtype, shape):
    values = (np.arange(np.prod(shape)) % 2).reshape(shape).astype(dtype)
    (got,) = back([Column("h", values)])
    assert got.name == "h" and got.values.dtype == values.dtype.newbyteorder("<")
    np.testing.assert_array_equal(got.values, values)


def test_many_columns_share_frames():
    columns = [Column(f"c{i}", np.full(1000, i, "f4"), fill=np.float32(3e38)) for i in range(200)]
    assert len(list(frames(columns))) == -(-200 * 4000 // FRAME)
    for i, c in enumerate(back(columns)):
        assert c.values[0] == i and c.fill == np.float32(3e38)


def test_strings_and_ragged():
    texts, ragged = back([Column("s", ["", "gt1l", "ü"]), Column("r", Ragged(np.arange(5.0), np.array([0, 2, 2, 5])))])
    assert texts.values == ["", "gt1l", "ü"]
    np.testing.assert_array_equal(ragged.values.offsets, [0, 2, 2, 5])
    np.testing.assert_array_equal(ragged.values.values, np.arange(5.0))


def test_what_no_column_can_hold():
    with pytest.raises(Error, match="float16"):
        to_raw(Column("h", np.zeros(1, "f2")))
    with pytest.raises(Error, match="one axis"):
        to_raw(Column("h", np.zeros((1, 1, 1))))


def test_payloads_that_do_not_fit():
    raw = to_raw(Column("h", np.arange(4.0)))
    payload = b"".join(raw.parts)
    for cut in range(len(payload)):
        with pytest.raises(Error):
            from_payload(raw.head, payload[:cut])
    raw = to_raw(Column("r", Ragged(np.arange(5.0), np.array([0, 4, 2]))))
    with pytest.raises(Error, match="offsets"):
        from_payload(raw.head, b"".join(raw.parts))


@pytest.mark.parametrize("dtype", ["i1", "<i8", "u2", "<f4", "<f8"])
def test_what_stands_for_no_value(dtype):
    (got,) = back([Column("h", np.arange(5).astype(dtype), fill=[3, 4], valid=(0, 2), absent=4)])
    np.testing.assert_array_equal(got.fill, [3, 4])
    assert got.valid == (0, 2) and got.absent == 4 and np.asarray(got.absent).dtype == np.dtype(dtype)
    assert list(got.missing()) == [False, False, False, True, True]
    (plain,) = back([Column("h", np.arange(5).astype(dtype))])
    assert (plain.fill, plain.valid, plain.absent) == (None, None, None) and not plain.missing().any()
    (vector,) = back([Column("h", np.arange(6).astype(dtype).reshape(3, 2), valid=(0, 4))])
    assert list(vector.missing()) == [False, False, True]
