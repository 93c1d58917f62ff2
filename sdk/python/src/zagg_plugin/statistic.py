"""Statistics compute results from the observations of each cell."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Union

import numpy as np

from .columns import Ragged
from .errors import Code, Error, invalid
from .fields import Field, Input

Result = Union[np.ndarray, Ragged, Sequence[Union[np.ndarray, Ragged]]]


@dataclass
class Groups:
    """Observations grouped by cell.

    Those of cell i are rows offsets[i] to offsets[i+1] (exclusive) of each array. Only cells with observations appear.
    Within a cell rows are in granule order, then file order. Arrays are read-only.
    """

    slots: np.ndarray  # int32 (cells,), ascending: where each cell lies in its shard
    offsets: np.ndarray  # int64 (cells+1,)
    rows: dict[str, np.ndarray] = field(default_factory=dict)  # (observations,) by input
    cells: dict[str, np.ndarray] = field(default_factory=dict)  # (cells,) by input with one value per cell
    fills: dict[str, Any] = field(default_factory=dict)  # the element that stands for "no value", where there is one
    valid: dict[str, tuple[Any, Any]] = field(default_factory=dict)  # the least and the greatest element that is a value, where not every one is
    absent: dict[str, Any] = field(default_factory=dict)  # the element of rows for which the file has no value, where there are some

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.slots)

    def __getitem__(self, name: str) -> np.ndarray:
        """The input of a name, one row per observation."""
        return self.rows[name]

    @property
    def counts(self) -> np.ndarray:
        """Observations of each cell, int64 (cells,)."""
        return np.diff(self.offsets)

    @property
    def index(self) -> np.ndarray:
        """Index of the cell of each observation, int64 (observations,)."""
        return np.repeat(np.arange(len(self)), self.counts)

    def reduce(self, ufunc: np.ufunc, values: np.ndarray) -> np.ndarray:
        """ufunc over the values of each cell, (cells,): groups.reduce(np.add, groups["source"])."""
        if len(self) == 0:
            return np.empty((0, *np.asarray(values).shape[1:]), np.asarray(values).dtype)
        return ufunc.reduceat(values, self.offsets[:-1])

    def split(self, name: str = "source") -> Iterator[np.ndarray]:
        """Iterate over the values of the cells."""
        values = self.rows[name]
        for a, b in zip(self.offsets[:-1], self.offsets[1:]):
            yield values[a:b]


class Statistic:
    """A statistic. Subclass it, set name, inputs and outputs, and write compute.

    The constructor's parameters are the constants under `params` of the run's configuration; annotate them, and
    values of the wrong type are errors that name the key. Listings show the first line of the docstring.
    """

    name: ClassVar[str]
    inputs: Sequence[str | Input] = ("source",)
    outputs: Sequence[Field] = (Field(dtype=np.float64),)
    any_type: ClassVar[bool] = False  # the first output is stored in the dtype of the configuration, by default float32, whatever its own
    vectors: ClassVar[bool] = False  # inputs may have several elements per observation: arrays (observations, width)

    def compute(self, groups: Groups) -> Result:
        """One array with a row per cell for each output (or the array alone, if there is one). The same groups give the same result."""
        raise NotImplementedError

    # A statistic that can be computed from its own outputs on finer cells has
    #   def fold(self, groups: Groups) -> Result
    # whose groups.rows are outputs of compute or fold, by the outputs' names ("" if there is one): arrays, or a Ragged with a row for
    # each part. zagg coarsen makes coarser cells by it, and a run with more granules than before may fold the new ones in.
    folds: ClassVar[str] = "rounded"  # what fold gives is what compute gives of all: but for rounding ("rounded"), to the byte where
    # results are integers and are stored as such ("integers"), to the byte ("exactly"), or about, as of digests ("approximately")


def per_cell(name: str | None = None, *, dtype: Any = np.float64, units: str = "", width: int = 1) -> Callable[[Callable[..., Any]], type[Statistic]]:
    """Make a statistic from a function that is called with the arrays of one cell.

    Positional parameters are the inputs, keyword-only ones the constants of the configuration:

        @per_cell("iqr", units="{source}")
        def iqr(source, *, low: float = 25, high: float = 75):
            return np.percentile(source, high) - np.percentile(source, low)

    This is simple but costs a Python call per cell. For speed write a Statistic with numpy over all cells.
    """

    def wrap(function: Callable[..., Any]) -> type[Statistic]:
        parameters = list(inspect.signature(function).parameters.values())
        arrays = [p for p in parameters if p.kind is not inspect.Parameter.KEYWORD_ONLY]
        constants = [p for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]

        class PerCell(Statistic):
            inputs = tuple(Input(p.name, optional=p.default is not inspect.Parameter.empty) for p in arrays)
            outputs = (Field(dtype=dtype, units=units, width=width),)

            def __init__(self, **given: Any) -> None:
                self.given = given

            def compute(self, groups: Groups) -> np.ndarray:
                used = [p.name for p in arrays if p.name in groups.rows]
                shape = (len(groups),) if width == 1 else (len(groups), width)
                out = np.empty(shape, groups[used[0]].dtype if dtype is None else dtype)
                for i, values in enumerate(zip(*(groups.split(n) for n in used))):
                    out[i] = function(**dict(zip(used, values)), **self.given)
                return out

        PerCell.name = name or function.__name__
        PerCell.__name__ = PerCell.__qualname__ = function.__name__
        PerCell.__doc__ = function.__doc__
        _take_signature(PerCell, function, constants)
        return PerCell

    return wrap


def _take_signature(made: type[Statistic], function: Callable[..., Any], constants: list[inspect.Parameter]) -> None:
    """Let the constructor look as if it had the function's keyword-only parameters."""
    init = made.__init__
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    init.__signature__ = inspect.Signature([itself, *constants])  # type: ignore[attr-defined]
    names = {p.name for p in constants}
    init.__annotations__ = {n: a for n, a in inspect.get_annotations(function, eval_str=True).items() if n in names}


def as_results(statistic: Statistic, groups: Groups, result: Any) -> list[np.ndarray | Ragged]:
    """Check the results of compute and convert them to the outputs' dtypes."""
    outputs = statistic.outputs
    results = list(result) if isinstance(result, (list, tuple)) else [result]
    if len(results) != len(outputs):
        raise ValueError(f"{type(statistic).__name__} gave {len(results)} results, and has {len(outputs)} outputs")
    checked: list[np.ndarray | Ragged] = []
    for out, got in zip(outputs, results):
        if isinstance(got, Ragged):
            if not out.ragged or len(got.offsets) != len(groups) + 1:
                raise ValueError(f"output {out.name!r}: ragged, {len(got.offsets) - 1} rows for {len(groups)} cells")
            checked.append(_ragged(out, got))
            continue
        if out.ragged:
            raise ValueError(f"output {out.name!r} is ragged: give a Ragged, not an array")
        dtype = out.dtype if out.dtype is not None else next(iter(groups.rows.values())).dtype
        array = np.asarray(got).astype(dtype, copy=False)
        want = (len(groups),) if out.width == 1 else (len(groups), out.width)
        if array.shape == (len(groups), 1) and out.width == 1:
            array = array[:, 0]
        if array.shape != want:
            raise ValueError(f"output {out.name!r} has shape {array.shape}; want {want}")
        checked.append(array)
    return checked


def _ragged(out: Field, got: Ragged) -> Ragged:
    """The rows of a ragged output in its dtype."""
    values = np.asarray(got.values)
    if out.dtype is not None:
        values = values.astype(out.dtype, copy=False)
    offsets = np.asarray(got.offsets)
    if values.shape[1:] != (() if out.width == 1 else (out.width,)):
        raise ValueError(f"output {out.name!r} has rows of shape {values.shape[1:]}; want {out.width}")
    if offsets[0] != 0 or offsets[-1] != len(values) or np.any(np.diff(offsets) < 0):
        raise ValueError(f"output {out.name!r}: offsets begin at {offsets[0]} and end at {offsets[-1]}, and must rise from 0 to {len(values)}")
    return Ragged(values, offsets)


def check_parts(statistic: Statistic, groups: Groups) -> None:
    """Raise if the inputs of fold are not the statistic's own results."""
    for o in statistic.outputs:
        values = groups.rows[o.name]
        array = values.values if isinstance(values, Ragged) else values
        if isinstance(values, Ragged) != o.ragged or not isinstance(array, np.ndarray) or array.shape[1:] != (() if o.width == 1 else (o.width,)):
            raise invalid(f"what is folded has another shape than this output: rows of {o.width}{', ragged' if o.ragged else ''}", o.name)
        if o.dtype is not None and array.dtype != np.dtype(o.dtype):
            raise invalid(f"what is folded is {array.dtype}, and this output {np.dtype(o.dtype)}", o.name)


def check_inputs(statistic: Statistic, groups: Groups) -> None:
    """Raise if groups lack an input."""
    for i in statistic.inputs:
        i = Input(i) if isinstance(i, str) else i
        if not i.optional and i.name not in (groups.cells if i.per_cell else groups.rows):
            raise invalid("this input is missing", i.name)
    for name, values in [*groups.rows.items(), *groups.cells.items()]:
        if not isinstance(values, np.ndarray) or values.ndim > 1 and not statistic.vectors:
            raise Error(Code.UNSUPPORTED, "a statistic takes numbers, one per observation", subject=name)
