"""Regions on the Earth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._message import Message
from .errors import invalid


@dataclass(frozen=True)
class Region:
    """The union of polygons, and every point within margin metres of them. In a query no polygons mean the whole Earth.

    A polygon is a shell and then holes; a ring is an array (vertices, 2) of longitude and latitude in degrees; one of two vertices is an arc,
    of one a point.
    """

    polygons: tuple[tuple[np.ndarray, ...], ...] = ()
    margin: float = 0.0
    planar: bool = False  # edges are straight in lon/lat; otherwise great circles
    oriented: bool = False  # the inside is on the left of each ring; otherwise it is the smaller side
    straight: tuple[bool, ...] = ()  # if not empty, in place of planar: for each ring, polygon by polygon, whether its edges are straight

    @staticmethod
    def decode(m: Message | None) -> "Region":
        if m is None:
            return Region()
        polygons = tuple(tuple(np.frombuffer(r, "<f8").reshape(-1, 2) for r in p.rings) for p in m.polygons)
        if not (0 <= m.margin < np.inf):
            raise invalid(f"{m.margin} is no distance in metres", "margin")
        for ring in (r for p in polygons for r in p):
            if not len(ring) or not np.isfinite(ring).all() or (np.abs(ring[:, 1]) > 90).any():
                raise invalid("a ring needs vertices with finite degrees and latitudes within ±90", "region")
        straight = tuple(m.straight)
        if straight and (len(straight) != sum(len(p) for p in polygons) or m.oriented):
            raise invalid(f"straight says {len(straight)} words; want one for each ring, of a region that is not oriented", "region")
        return Region(polygons, m.margin, m.planar, m.oriented, straight)

    def planar_rings(self) -> list[list[bool]]:
        """Whether the edges of each ring of each polygon are straight in lon/lat."""
        words = iter(self.straight or (self.planar for p in self.polygons for _ in p))
        return [[next(words) for _ in p] for p in self.polygons]

    def message(self) -> Message:
        polygons = [Message("Polygon", rings=[np.ascontiguousarray(r, "<f8").tobytes() for r in p]) for p in self.polygons]
        return Message("Region", polygons=polygons, margin=self.margin, planar=self.planar, oriented=self.oriented, straight=list(self.straight))
