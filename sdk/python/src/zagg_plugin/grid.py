"""Grids: the division of the Earth into cells, and of cells into shards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ._message import Message
from .columns import Column
from .fields import Field
from .region import Region


@dataclass(frozen=True)
class Axis:
    """A regular coordinate along a dimension: value i is start + i*step."""

    field: Field
    start: float
    step: float


@dataclass(frozen=True)
class Dim:
    """A dimension: size is divided into shards, and shards into chunks; chunk divides shard divides size."""

    name: str
    size: int
    shard: int
    chunk: int
    axis: Axis | None = None

    def message(self) -> Message:
        axis = None
        if self.axis:
            axis = Message("Axis", field=self.axis.field.message(), start=self.axis.start, step=self.axis.step)
        return Message("Dim", name=self.name, size=self.size, shard=self.shard, chunk=self.chunk, axis=axis)


@dataclass(frozen=True)
class Frame:
    """The shape of every array of a run. A slot is a position in a shard's block, in C order over dims."""

    group: str  # path of the group: "12"
    dims: Sequence[Dim]
    coords: Sequence[Field] = ()  # coordinate variables with one value per cell
    attrs: dict[str, Any] = field(default_factory=dict)  # the group's attributes
    scalars: Sequence[Field] = ()  # variables of no dimension, whose one value is their fill: a CF grid mapping
    var_attrs: dict[str, Any] = field(default_factory=dict)  # attributes of every computed variable

    def message(self) -> Message:
        return Message(
            "Frame", group=self.group, dims=[d.message() for d in self.dims], coords=[c.message() for c in self.coords],
            attrs=json.dumps(self.attrs).encode() if self.attrs else b"",
            scalars=[s.message() for s in self.scalars],
            var_attrs=json.dumps(self.var_attrs).encode() if self.var_attrs else b"",
        )


@dataclass(frozen=True)
class Shard:
    """A description of a shard without its cells."""

    key: str  # canonical
    label: str  # for people and file names
    block: tuple[int, ...]  # its place along each dim, in shards
    outline: Region  # contains every point that locate would accept
    area_km2: float  # on the sphere of radius 6371.0088 km
    path: tuple[str, ...] = ()

    def message(self) -> Message:
        return Message(
            "Shard", key=self.key, label=self.label, path=list(self.path), block=np.array(self.block, "<i8").tobytes(),
            outline=self.outline.message(), area_km2=self.area_km2,
        )


class Grid:
    """A grid. Coordinates are WGS84 geodetic degrees, any longitude. Grids are immutable.

    The constructor's parameters are the keys of the grid's configuration.
    """

    name: ClassVar[str]
    frame: Frame

    def signature(self) -> dict[str, Any]:
        """Everything that identifies the grid."""
        raise NotImplementedError

    def cover(self, regions: Sequence[Region]) -> list[list[str]]:
        """All shards that can own a point of a region, without duplicates, for each region. May include more, but never omit one."""
        raise NotImplementedError

    def shards(self, keys: Sequence[str]) -> list[Shard]:
        """Describe shards, given keys in any accepted form. A key that does not exist is NOT_FOUND or INVALID."""
        raise NotImplementedError

    def cells(self, key: str) -> list[Column]:
        """One row per slot: float64 "lon" and "lat" of the centre (NaN: the slot is void), then the frame's coords in order."""
        raise NotImplementedError

    def locate(self, key: str, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
        """The slot of each point's cell, int32; -1 outside the shard and if coordinates are not finite or |lat| > 90."""
        raise NotImplementedError

    # A grid that can find points in many shards in one pass has
    #   def locate_in(self, keys: Sequence[str], lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]
    # which gives for each point the place in keys of the shard that owns it and its slot there, int32; -1 and -1: none does.
    # A grid that can say what people and other tools call a cell has
    #   def names(self, lon: np.ndarray, lat: np.ndarray) -> list[Column]
    # A grid that knows how large its cells are has
    #   def cell_areas(self, key: str, slots: np.ndarray) -> np.ndarray
    # which gives km² for each of some slots (int32), NaN where one is void. Statistics take it as cell_area.
    # A grid that can find shards from the HEALPix cells that catalogs list for footprints has
    #   def cover_cells(self, sets: Sequence[np.ndarray], margins: Sequence[float]) -> list[list[str] | None]
    # which gives for each set of packed words (uint64, cells of any orders on authalic latitudes) every shard that can own a point
    # within the margin, in metres, of them; None for a set that it cannot use.


def sort_keys(keys: Sequence[str]) -> list[str]:
    """Sort keys in the host's order, without duplicates: shorter first, then bytewise."""
    return sorted(set(keys), key=lambda k: (len(k.encode()), k.encode()))


def canonical(signature: dict[str, Any]) -> bytes:
    """Canonical JSON of a signature; equal signatures give the same text."""
    return json.dumps(signature, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
