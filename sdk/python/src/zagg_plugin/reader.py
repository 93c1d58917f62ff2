"""Product readers read the files of a granule as batches of observations."""

from __future__ import annotations

import contextlib
import gzip
import io
import lzma
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from .columns import Column, Ragged
from .errors import Code, Error
from .fields import Field
from .region import Region


@dataclass
class Batch:
    """A run of observations of one group: a beam, a band. Arrays have one row per observation, in file order."""

    group: str
    lon: np.ndarray  # float64, WGS84 degrees, any longitude
    lat: np.ndarray  # float64, WGS84 geodetic degrees
    columns: dict[str, np.ndarray | Column] = field(default_factory=dict)  # all of Query.wanted; a Column says what stands for no value


@dataclass(frozen=True)
class Filter:
    """Keep (or drop) rows by comparing a column with values: eq ne ge le lt gt with one value; in, not_in with any number."""

    column: str
    op: str
    values: tuple[float, ...]
    drop: bool = False
    element: int = -1
    level: str = ""  # the coarser level on which the dataset lies

    @np.errstate(all="ignore")
    def keep(self, column: np.ndarray) -> np.ndarray:
        """The rows that pass, bool. NaN compares as IEEE 754 defines."""
        compare = {"eq": np.equal, "ne": np.not_equal, "ge": np.greater_equal, "le": np.less_equal, "lt": np.less, "gt": np.greater}
        if self.op in ("in", "not_in"):
            hit = np.isin(column, np.asarray(self.values, column.dtype) if column.dtype.kind == "f" else self.values)
            hit = hit if self.op == "in" else ~hit
        elif self.op in compare:
            hit = compare[self.op](column, self.values[0])
        else:
            raise Error(Code.INVALID, f"no comparison {self.op}", subject=self.column)
        return ~hit if self.drop else hit


@dataclass(frozen=True)
class Query:
    """The observations and columns that the host asks for. A reader may emit rows outside the region, but must not omit any inside."""

    region: Region
    columns: tuple[str, ...]
    filters: tuple[Filter, ...] = ()
    rows: int = 0  # most rows per batch; larger ones are cut for you
    count_invalid: bool = False  # yield the rows that are no place too, all of the granule, wherever the region is: they are counted
    memory: int = 0  # bytes that the reader should hold at once; 0: as many as it likes
    request: int = 0  # bytes that cost as much to read as one more request; 0: requests cost nothing but their time

    @property
    def wanted(self) -> tuple[str, ...]:
        """The columns that a batch must have: those asked for and those of filters."""
        return tuple(dict.fromkeys([*self.columns, *(f.column for f in self.filters)]))


@dataclass(frozen=True)
class Identity:
    """What a file name says: files with the same data hold the same observations, in another version or a part of them."""

    data: str  # product, time, track
    version: tuple[int, ...] = ()  # release, revision and so on, most significant first
    part: str = ""  # "" for the file as its archive made it; otherwise what tells this file from it


class Source:
    """One file of a granule. The host reads it: it has the credentials, merges ranges and retries."""

    def __init__(self, url: str, ask: Callable[[str, Sequence[tuple[int, int]]], list[bytes]], stat: Callable[[str], tuple[int, str, str]]) -> None:
        self.url = url
        self._ask = ask
        self._stat = stat
        self._known: tuple[int, str, str] | None = None

    def read_ranges(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """The bytes of (offset, length) pairs, cut at the file's end. Many in one call are read in parallel."""
        return self._ask(self.url, ranges)

    def read(self, offset: int = 0, length: int | None = None) -> bytes:
        """length bytes from offset, or all to the end."""
        return self.read_ranges([(offset, self.size - offset if length is None else length)])[0]

    def _info(self) -> tuple[int, str, str]:
        if self._known is None:
            self._known = self._stat(self.url)
        return self._known

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        return self._info()[0]

    @property
    def etag(self) -> str:
        """The object's ETag; "" if it has none."""
        return self._info()[1]

    @property
    def modified(self) -> str:
        """When it was written, RFC 3339, UTC; "" if that is not known."""
        return self._info()[2]

    def open(self, block: int = 1 << 20) -> io.BufferedReader:
        """The file as Python, pandas or h5py read files, fetched in blocks."""
        return io.BufferedReader(_File(self), block)


class _File(io.RawIOBase):
    def __init__(self, source: Source) -> None:
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size if whence == io.SEEK_END else 0}[whence]
        if base + offset < 0:
            raise ValueError("before the beginning of the file")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        want = min(len(buffer), max(self._source.size - self._at, 0))
        got = self._source.read(self._at, want) if want else b""
        buffer[: len(got)] = got
        self._at += len(got)
        return len(got)


@dataclass
class Granule:
    """One file of a product with its siblings."""

    id: str
    files: dict[str, Source]  # "data" and names that the reader's configuration gives
    start: str = ""  # RFC 3339, UTC
    size: int = 0  # bytes of "data"; 0: not known
    warnings: list[str] = field(default_factory=list)  # append what is wrong with the file though it can be read: records of shards have it
    index_use: str = ""  # set it where there is a file "index": "used", "missing", or "stale" (of another state of the granule, or damaged)

    def __getitem__(self, name: str) -> Source:
        try:
            return self.files[name]
        except KeyError:
            raise Error(Code.INVALID, f"the granule has no file {name!r}; have {', '.join(self.files)}", subject=self.id) from None

    @property
    def data(self) -> Source:
        """The granule itself."""
        return self["data"]


class Reader:
    """A product reader. Subclass it, set what it offers, and write read.

    The constructor's parameters are the keys of the reader's configuration. The kit selects columns, applies filters, drops
    rows without a valid position, and limits the size of batches: yield batches of any size with the columns of query.wanted.
    """

    name: ClassVar[str]
    product: str = ""
    version: str = ""
    groups: Sequence[str] = ("",)
    columns: Sequence[Field] = ()

    def read(self, granule: Granule, query: Query) -> Iterable[Batch]:
        """Every observation of the granule in query.region, groups in their order, rows in file order."""
        raise NotImplementedError

    # A reader that can note once what opening a granule costs every time has
    #   def index(self, granule: Granule, query: Query) -> bytes
    # and finds the bytes again as granule["index"], if "index" in granule.files.
    #
    # A reader that knows how its product's files are named has
    #   def identify(self, name: str) -> Identity | None
    # for a bare file name; None says that the name follows no rule. Then runs use the newest of files with the same
    # observations, wherever they are kept.


@dataclass
class Tally:
    """What a read met on its way."""

    rows: int = 0
    emitted: int = 0
    invalid: int = 0
    seen: list[str] = field(default_factory=list)  # groups, in order
    full: set[str] = field(default_factory=set)  # groups with rows


@dataclass
class Cut:
    """A batch as the host gets it: filtered, its columns in the query's order."""

    group: str
    lon: np.ndarray
    lat: np.ndarray
    columns: list[Column]
    refused_lon: np.ndarray
    refused_lat: np.ndarray


def prepare(reader: Reader, query: Query, batches: Iterable[Batch], tally: Tally) -> Iterator[Cut]:
    """Check batches, leave out what is no place or fails a filter, and cut them to the query's rows."""
    order = {g: i for i, g in enumerate(reader.groups)}
    fields = {f.name: f for f in reader.columns}
    for b in batches:
        if not isinstance(b, Batch):
            raise TypeError(f"{type(reader).__name__}.read yielded {type(b).__name__}; want Batch")
        lon, lat = np.asarray(b.lon, np.float64), np.asarray(b.lat, np.float64)
        _check(b, lon, lat, query, order, tally)
        place = np.isfinite(lon) & (np.abs(lat) <= 90)
        keep = place.copy()
        columns = {name: column_of(name, b.columns[name], fields.get(name)) for name in query.wanted}
        for f in query.filters:
            compared = _element(columns[f.column], f)
            keep &= np.where(compared.missing(), (f.op in ("ne", "not_in")) != f.drop, f.keep(np.asarray(compared.values)))  # no value is as NaN
        tally.rows += len(lon)
        tally.invalid += int(len(lon) - np.count_nonzero(place))
        refused = place & ~keep
        rows = np.flatnonzero(keep)
        tally.emitted += len(rows)
        limit = query.rows or max(len(rows), 1)
        for first in range(0, max(len(rows), 1), limit):
            part = rows[first : first + limit]
            if len(part) or first == 0 and refused.any():
                out = refused if first == 0 else slice(0, 0)
                yield Cut(b.group, lon[part], lat[part], [columns[c].take(part) for c in query.columns], lon[out], lat[out])


def column_of(name: str, given: Any, declared: Field | None) -> Column:
    """A column of a batch in its field's dtype, with what stands for no value: as a Column says it, a masked array, or else the field's fill."""
    column = replace(given, name=name) if isinstance(given, Column) else Column(name, given)
    dtype = None if declared is None or declared.dtype in (None, str, bytes) else np.dtype(declared.dtype)
    if isinstance(column.values, Ragged):
        return column
    array = np.asanyarray(column.values)
    if array.dtype.kind in "SUO":
        return column
    if dtype is not None and array.dtype != dtype:
        if not np.can_cast(array.dtype, dtype, "same_kind"):
            raise TypeError(f"column {name} is {array.dtype}; the reader declares {dtype}")
        array = array.astype(dtype)
    fill = declared.fill if declared is not None and isinstance(declared.fill, (int, float)) else None
    if column.fill is None and column.valid is None and column.absent is None and fill is not None:
        column = replace(column, fill=array.dtype.type(fill))
    if not isinstance(array, np.ma.MaskedArray):
        return replace(column, values=array)
    return _unmasked(column, array)


def _unmasked(column: Column, array: np.ma.MaskedArray) -> Column:
    """A masked array as a column: what is masked is NaN, and in integers the fill value, absent."""
    masked = np.ma.getmaskarray(array)
    if array.dtype.kind == "f":
        return replace(column, values=np.where(masked, array.dtype.type("nan"), array.data))
    if not masked.any():
        return replace(column, values=array.data)
    if column.fill is None:
        raise ValueError(f"column {column.name} has masked rows and {array.dtype} has no NaN: give its Field a fill")
    absent = np.atleast_1d(column.fill)[0]
    return replace(column, values=np.where(masked, absent, array.data), absent=absent)


# What decoding damaged bytes raises.
_DAMAGE = (ValueError, EOFError, KeyError, IndexError, OverflowError, struct.error, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


@contextlib.contextmanager
def decoding(what: str, subject: str = "") -> Iterator[None]:
    """Mark code that decodes bytes of a granule: exceptions inside become Error with code CORRUPT (see --allow-missing).

    what names the decoded part ("the header"), subject the granule and position. Use it only around the lines that decode: any other
    exception is a bug of the plugin (code INTERNAL), for which no granule is left out.
    """
    try:
        yield
    except Error:
        raise
    except _DAMAGE as e:
        raise Error(Code.CORRUPT, f"{what}: {type(e).__name__}: {e}", op="read", subject=subject) from e


def _element(column: Column, f: Filter) -> Column:
    return column if f.element < 0 else replace(column, values=np.asarray(column.values)[:, f.element])


def _check(b: Batch, lon: np.ndarray, lat: np.ndarray, query: Query, order: dict[str, int], tally: Tally) -> None:
    if b.group not in order:
        raise RuntimeError(f"a batch of group {b.group!r}, which the reader does not list")
    if tally.seen and order[b.group] < order[tally.seen[-1]]:
        raise RuntimeError(f"group {b.group!r} after {tally.seen[-1]!r}: groups come in the reader's order")
    if not tally.seen or tally.seen[-1] != b.group:
        tally.seen.append(b.group)
    if len(lon):
        tally.full.add(b.group)
    if lon.ndim != 1 or lon.shape != lat.shape:
        raise RuntimeError(f"lon has shape {lon.shape} and lat {lat.shape}")
    for c in query.wanted:
        if c not in b.columns:
            raise Error(Code.INVALID, f"no column {c!r}; the batch has {', '.join(b.columns)}", subject=b.group)
        given = b.columns[c]
        values: Any = given.values if isinstance(given, Column) else given
        rows = len(values)
        if rows != len(lon):
            raise RuntimeError(f"column {c} has {rows} rows, lon {len(lon)}")
