import json

import numpy as np
import pytest

from zagg_plugin import Batch, Code, Column, Error, Field, Filter, Groups, Query, Ragged, Reader, Region, Statistic, decoding, per_cell
from zagg_plugin.config import construct, schema
from zagg_plugin.reader import Tally, prepare
from zagg_plugin.statistic import as_results, check_parts


class Scaled(Statistic):
    """A sum."""

    name = "scaled"

    def __init__(self, factor: float, label: str = "x", cells: list | None = None) -> None:
        self.factor = factor

    def compute(self, groups):
        return groups.reduce(np.add, groups["source"]) * self.factor


def test_schema_and_strict_configuration():
    s = json.loads(schema(Scaled))
    assert s["required"] == ["factor"] and s["properties"]["label"] == {"type": "string", "default": "x"} and not s["additionalProperties"]
    assert construct(Scaled, b'{"factor": 2}').factor == 2.0
    for text, want in {
        b"{": "no JSON", b"[1]": "no JSON object", b"{}": "factor: this key is missing", b'{"factor": "2"}': 'factor: "2" is no number',
        b'{"factor": 1, "lable": "y"}': "lable: unknown key; have factor, label, cells", b'{"factor": 1, "label": 3}': "label: 3 is no string",
    }.items():
        with pytest.raises(Error) as e:
            construct(Scaled, text)
        assert want in str(e.value) and e.value.code is Code.INVALID


def test_a_thing_without_parameters():
    class Plain(Statistic):
        name = "plain"

    assert isinstance(construct(Plain, b"null"), Plain) and isinstance(construct(Plain, b""), Plain)
    with pytest.raises(Error, match="unknown key; have none"):
        construct(Plain, b'{"q": 1}')


GROUPS = Groups(np.array([3, 9], "i4"), np.array([0, 3, 5]), {"source": np.array([1.0, 2, 6, 4, 8])})


def test_groups():
    assert len(GROUPS) == 2
    np.testing.assert_array_equal(GROUPS.counts, [3, 2])
    np.testing.assert_array_equal(GROUPS.index, [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(GROUPS.reduce(np.maximum, GROUPS["source"]), [6, 8])
    assert [list(c) for c in GROUPS.split()] == [[1, 2, 6], [4, 8]]


def test_per_cell():
    @per_cell("between", units="{source}")
    def between(source, *, low: float = 0, high: float = 100):
        """Width of the middle."""
        return np.percentile(source, high) - np.percentile(source, low)

    assert json.loads(schema(between))["properties"]["low"] == {"type": "number", "default": 0}
    s = construct(between, b'{"high": 50}')
    np.testing.assert_array_equal(as_results(s, GROUPS, s.compute(GROUPS))[0], [1, 2])
    with pytest.raises(Error, match="unknown key; have low, high"):
        construct(between, b'{"hgh": 50}')


def test_results_are_checked():
    s = construct(Scaled, b'{"factor": 1}')
    for result, want in [(np.zeros(3), "shape"), ([np.zeros(2), np.zeros(2)], "2 results"), (np.zeros((2, 2)), "shape")]:
        with pytest.raises(ValueError, match=want):
            as_results(s, GROUPS, result)


class Lists(Statistic):
    """Ragged pairs, and a number."""

    outputs = (Field(dtype=np.float32, ragged=True, width=2), Field("_n", dtype=np.int32))

    def fold(self, groups):
        return Ragged(groups.rows[""].values, groups.rows[""].offsets[groups.offsets]), groups.reduce(np.add, groups.rows["_n"])


def test_ragged_results_are_checked():
    rows, n = np.zeros((3, 2)), np.zeros(2, int)
    got = as_results(Lists(), GROUPS, (Ragged(rows, np.array([0, 1, 3])), n))
    assert got[0].values.dtype == np.float32 and got[1].dtype == np.int32
    for result, want in [
        (rows, "give a Ragged"), (Ragged(rows, np.array([0, 3])), "1 rows for 2 cells"), (Ragged(np.zeros(3), np.array([0, 1, 3])), "rows of shape"),
        (Ragged(rows, np.array([0, 1, 2])), "must rise from 0 to 3"), (Ragged(rows, np.array([0, 4, 3])), "must rise"),
    ]:
        with pytest.raises(ValueError, match=want):
            as_results(Lists(), GROUPS, (result, n))


def test_what_is_folded_is_checked():
    parts = Ragged(np.zeros((3, 2), np.float32), np.array([0, 1, 1, 3]))
    groups = Groups(np.array([0, 5], np.int32), np.array([0, 2, 3]), {"": parts, "_n": np.array([1, 0, 2], np.int32)})
    check_parts(Lists(), groups)
    pairs, n = as_results(Lists(), groups, Lists().fold(groups))
    np.testing.assert_array_equal(pairs.offsets, [0, 1, 3])
    np.testing.assert_array_equal(n, [1, 2])
    for name, values in [("", parts.values), ("", Ragged(np.zeros(3, np.float32), parts.offsets)), ("_n", np.zeros(3)), ("_n", parts)]:
        with pytest.raises(Error, match="what is folded"):
            check_parts(Lists(), Groups(groups.slots, groups.offsets, {**groups.rows, name: values}))


class Two(Reader):
    groups = ("a", "b")
    columns = (Field("h", "f8"),)


def cuts(batches, query, tally=None):
    return list(prepare(Two(), query, batches, tally or Tally()))


def test_batches_are_filtered_and_cut():
    lon = np.array([0, 1, np.nan, 3, 4.0])
    b = Batch("a", lon, np.array([0, 1, 2, 91, 4.0]), {"h": np.arange(5.0), "q": np.array([0, 1, 0, 0, 0])})
    tally = Tally()
    (cut,) = cuts([b], Query(Region(), ("h",), (Filter("q", "eq", (0,)),)), tally)
    assert list(cut.lon) == [0, 4] and cut.columns[0].name == "h" and list(cut.columns[0].values) == [0, 4]
    assert list(cut.refused_lon) == [1]
    assert (tally.rows, tally.emitted, tally.invalid) == (5, 2, 2)
    assert [len(c.lon) for c in cuts([b], Query(Region(), ("h",), rows=1))] == [1, 1, 1]


@pytest.mark.parametrize("op,values,drop,want", [
    ("eq", (1,), False, [1]), ("ne", (1,), False, [0, 2, 3]), ("ge", (2,), False, [2, 3]), ("le", (1,), False, [0, 1]), ("lt", (1,), False, [0]),
    ("gt", (2,), False, [3]), ("in", (0, 3), False, [0, 3]), ("not_in", (0, 3), False, [1, 2]), ("eq", (1,), True, [0, 2, 3]),
])
def test_filters(op, values, drop, want):
    assert list(np.flatnonzero(Filter("h", op, values, drop).keep(np.arange(4)))) == want


def test_batches_that_break_a_promise():
    one = np.zeros(1)
    for batches, want in {
        "unknown group": ([Batch("c", one, one, {"h": one})], "does not list"),
        "order": ([Batch("b", one, one, {"h": one}), Batch("a", one, one, {"h": one})], "order"),
        "lengths": ([Batch("a", one, np.zeros(2), {"h": one})], "shape"),
        "column": ([Batch("a", one, one, {})], "no column 'h'"),
        "rows": ([Batch("a", one, one, {"h": np.zeros(2)})], "2 rows"),
    }.values():
        with pytest.raises((RuntimeError, Error), match=want):
            cuts(batches, Query(Region(), ("h",)))


def test_damage_is_what_decoding_says():
    def batches(inside):
        yield Batch("a", np.zeros(1), np.zeros(1), {"h": np.zeros(1)})
        if inside:
            with decoding("line 2", "g"):
                float("x")
        float("x")

    with pytest.raises(ValueError):
        cuts(batches(False), Query(Region(), ("h",)))
    with pytest.raises(Error) as e:
        cuts(batches(True), Query(Region(), ("h",)))
    assert e.value.code is Code.CORRUPT and "g: line 2: ValueError: could not convert" in str(e.value)
    with pytest.raises(Error) as e, decoding("line 2"):
        raise Error(Code.UNAVAILABLE, "later")
    assert e.value.code is Code.UNAVAILABLE


def column(given, declared=None, filters=()):
    """A column of a batch of three rows as the host gets it."""
    class One(Reader):
        columns = (declared,) if declared else ()

    n = np.zeros(3)
    (cut,) = prepare(One(), Query(Region(), ("h",), filters), [Batch("", n, n, {"h": given})], Tally())
    return cut.columns[0]


def test_rows_without_a_value():
    counts = Field("h", np.int16, fill=-1)
    got = column(np.array([1, -1, 3]), counts)
    assert got.values.dtype == np.int16 and got.fill == -1 and got.absent is None, "what the field says"
    got = column(np.ma.array([1, 2, 3], mask=[0, 1, 0]), counts)
    assert list(got.values) == [1, -1, 3] and got.absent == -1, "masked"
    got = column(np.ma.array([1.0, 2, 3], mask=[0, 1, 0]), Field("h", np.float32))
    assert np.isnan(got.values[1]) and got.values.dtype == np.float32 and got.absent is None
    got = column(Column("other", np.array([1, 2, 99], np.int16), fill=[7], valid=(0, 9)), counts)
    assert (got.name, got.fill, got.valid) == ("h", [7], (0, 9)), "as the batch says"
    with pytest.raises(ValueError, match="give its Field a fill"):
        column(np.ma.array([1, 2, 3], mask=[0, 1, 0]), Field("h", np.int32))
    with pytest.raises(TypeError, match="column h is float64; the reader declares int16"):
        column(np.zeros(3), counts)
    with pytest.raises(TypeError, match="want Batch"):
        cuts(["rows"], Query(Region(), ("h",)))


@pytest.mark.parametrize("op,drop,want", [("ge", False, [1, 3]), ("ge", True, [-1]), ("ne", False, [1, -1, 3]), ("ne", True, [])])
def test_filters_take_no_value_as_nan(op, drop, want):
    assert list(column(np.array([1, -1, 3]), Field("h", np.int16, fill=-1), (Filter("h", op, (0,), drop),)).values) == want
