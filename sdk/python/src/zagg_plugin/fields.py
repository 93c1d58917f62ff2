"""Metadata of columns and arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._message import Message
from .columns import type_number


@dataclass(frozen=True)
class VectorDim:
    """The dimension of a vector's elements and its coordinate: bins of a histogram, quantiles, frequencies.

    The store gets a dimension with this name, and a coordinate if there are centers or edges.
    """

    name: str
    centers: Sequence[float] | None = None  # one for each element; None: the middles of edges
    edges: Sequence[float] | None = None  # one more than elements, ascending or descending
    units: str = ""
    attrs: dict[str, Any] = field(default_factory=dict)

    def message(self) -> Message:
        def octets(values: Sequence[float] | None) -> bytes:
            return b"" if values is None else np.ascontiguousarray(values, "<f8").tobytes()

        return Message(
            "VectorDim", name=self.name, units=self.units, centers=octets(self.centers), edges=octets(self.edges),
            attrs=json.dumps(self.attrs).encode() if self.attrs else b"",
        )


@dataclass(frozen=True)
class Field:
    """One array: a column of a product, a coordinate of a grid, an output of a statistic.

    dtype is numpy's, or str. For an output of a statistic, name is a suffix of the variable's ("", "_locations"), dtype None means that of the
    first input, and units may contain an input's name in braces: "{source}^2".
    """

    name: str = ""
    dtype: Any = None
    width: int = 1  # elements per cell; more than 1: a vector
    ragged: bool = False  # any number of rows per cell
    fill: Any = None  # JSON of the fill value
    units: str = ""
    attrs: dict[str, Any] = field(default_factory=dict)
    dim: VectorDim | None = None  # of a vector's elements

    def message(self) -> Message:
        message = Message(
            "Field", name=self.name, type=type_number(self.dtype), width=self.width, ragged=self.ragged, units=self.units,
            fill=b"" if self.fill is None else json.dumps(self.fill).encode(), attrs=json.dumps(self.attrs).encode() if self.attrs else b"",
        )
        if self.dim is not None:
            message.dim = self.dim.message()
        return message


@dataclass(frozen=True)
class Input:
    """An input column of a statistic: "source", or a key under params."""

    name: str = "source"
    per_cell: bool = False  # one value per cell
    optional: bool = False

    def message(self) -> Message:
        return Message("Input", name=self.name, per_cell=self.per_cell, optional=self.optional)
