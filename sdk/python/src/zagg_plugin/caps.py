"""Find the caps of the sphere that a region may meet, for covering regions with shards.

Latitudes are taken as they are, as on a sphere. Angles inside are radians.
"""

from __future__ import annotations

import numpy as np

from .errors import invalid
from .region import Region

EARTH_RADIUS = 6371008.8  # metres
_FLATTENING = 1.004  # a metre is at most so much more of an angle of latitude than on the sphere
_STEPS = 0.25, 5.0  # degrees: planar edges are cut into arcs of such lengths, longer ones where caps are large
_ROUNDING = 1e-7  # more than what the cosine of a small angle is off the angle
_WIDEST = 3600.0  # degrees of longitude of a planar ring
_TOGETHER = 512  # caps that are looked at together


def meets(region: Region, lon: np.ndarray, lat: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Whether the region may have a point in each cap around (lon, lat) with a radius in degrees: bool (caps,).

    Never False for a cap that it meets. True for few others: a cap is told by its distance from the region's edges,
    and by whether its centre is inside. Quickest where neighbours follow each other; for many small caps ask for caps around
    groups of them first.
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    centers = vectors(lon, lat)
    reach = np.radians(radius) + region.margin / EARTH_RADIUS * _FLATTENING + _ROUNDING
    step = float(np.clip(np.degrees(0.2 * np.sqrt(reach.min(initial=np.pi))), *_STEPS))
    planar_rings = region.planar_rings()
    if any(map(any, planar_rings)):
        reach += _off(step)
    found = reach >= np.pi
    for polygon, planar in zip(region.polygons, planar_rings):
        flat = [_unrolled(r) for r, p in zip(polygon, planar) if p]
        great = [_Edges(r) for r, p in zip(polygon, planar) if not p]
        edges = great + [_Edges(_cut(r, step)) for r in flat]
        for first in range(0, len(found), _TOGETHER):
            part = slice(first, first + _TOGETHER)
            for e in edges:
                found[part] |= e.near(centers[part], reach[part])
            rest = first + np.flatnonzero(~found[part])
            found[rest] = _inside(great, centers[rest], region.oriented) ^ _inside_planar(flat, lon[rest], lat[rest])
    return np.asarray(found)


def vectors(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Unit vectors of degrees, (n, 3)."""
    lam, phi = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Vector products, (n, 3). numpy's own takes longer."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


class _Edges:
    """The arcs of a ring, from a to b, (n, 3) each; of an open one if it has two vertices, of none long if it has one."""

    def __init__(self, ring: np.ndarray) -> None:
        points = vectors(ring[:, 0], ring[:, 1])
        self.bounds = len(points) > 2
        self.a, self.b = (points[:1], points[1:]) if len(points) == 2 else (points, np.roll(points, -1, axis=0))
        normal = _cross(self.a, self.b)
        size = np.linalg.norm(normal, axis=1, keepdims=True)
        # An arc of less than 6 cm is as good as its ends; its normal is none.
        self.normal = np.where(size > 1e-8, normal, 0) / np.maximum(size, 1e-8)
        self.after, self.before = _cross(self.normal, self.a), _cross(self.b, self.normal)
        middle = self.a + self.b
        long = np.linalg.norm(middle, axis=1, keepdims=True)
        self.middle, self.half = middle / np.maximum(long, 1e-12), np.arccos(np.minimum(long[:, 0] / 2, 1)) + _ROUNDING

    def near(self, centers: np.ndarray, reach: np.ndarray) -> np.ndarray:
        """Whether an arc comes within reach of each centre."""
        around = centers.sum(axis=0)
        around /= max(float(np.linalg.norm(around)), 1e-12)
        span = np.arccos(np.clip((centers @ around).min(), -1, 1)) + reach.max()
        some = np.flatnonzero(self.middle @ around >= np.cos(np.minimum(span + self.half + _ROUNDING, np.pi)))
        a, b, normal = self.a[some].T, self.b[some].T, self.normal[some].T
        cos, sin = np.cos(reach)[:, None], np.where(reach < np.pi / 2, np.sin(reach), 2)[:, None]
        hit = (centers @ a >= cos) | (centers @ b >= cos)
        hit |= (np.abs(centers @ normal) <= sin) & (centers @ self.after[some].T > 0) & (centers @ self.before[some].T > 0)
        return np.asarray(hit.any(axis=1))

    def left(self, centers: np.ndarray) -> np.ndarray:
        """Whether each centre is on the left of the ring: it is if the way there from a point just left of an edge crosses
        the ring an even number of times. Centres are moved a little, so that no way goes through a vertex; those so near
        an edge are found by their distance."""
        start = self._beside()
        moved = centers + 1e-9 * np.array([0.6180339, 0.3247179, 0.7548776])
        normals = _cross(self.a, self.b)
        way = _cross(start, moved)
        from_start, from_moved = normals @ start, moved @ normals.T
        side_a, side_b = way @ self.a.T, way @ self.b.T
        crosses = (from_moved * from_start < 0) & (from_start * side_b > 0) & (from_start * side_a < 0)
        return np.asarray(np.count_nonzero(crosses, axis=1) % 2 == 0)

    def _beside(self) -> np.ndarray:
        """A point just left of an edge, nearer to it than to others: of the longest edges, of that with most room."""
        longest = np.argsort(-self.half)[:8]
        middle = self.middle[longest]
        away = np.minimum(_chord(middle, self.a), _chord(middle, self.b))
        beside = (middle @ self.after.T > 0) & (middle @ self.before.T > 0)
        away = np.where(beside, np.minimum(away, np.abs(middle @ self.normal.T)), away)
        away[np.arange(len(longest)), longest] = np.inf
        room = np.minimum(away.min(axis=1), self.half[longest])
        best = int(np.argmax(room))
        return np.asarray(middle[best] + min(1e-7, room[best] / 2) * self.normal[longest[best]])


def _chord(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Straight distances, (p, q)."""
    return np.asarray(np.linalg.norm(p[:, None, :] - q[None, :, :], axis=2))


def _inside(rings: list[_Edges], centers: np.ndarray, oriented: bool) -> np.ndarray:
    """Whether an odd number of rings have each centre inside. Inside is the smaller side, or the left of an oriented shell."""
    odd = np.zeros(len(centers), bool)
    for i, ring in enumerate(rings):
        if not ring.bounds or not len(centers):
            continue
        left = ring.left(centers)
        if not oriented:
            odd ^= left if _area(ring.a) <= 2 * np.pi else ~left
        elif i == 0:
            odd ^= left
        else:  # a hole is the side without the shell
            odd ^= left != ring.left(rings[0].middle[:1])[0]
    return odd


def _area(ring: np.ndarray) -> float:
    """The area on the left of a ring, 0 to 4 pi (Eriksson 1990, Mathematics Magazine 63, 184)."""
    a, b, c = ring[0], ring[1:-1], ring[2:]
    excess = 2 * np.arctan2(_cross(b, c) @ a, 1 + b @ a + np.sum(b * c, axis=1) + c @ a)
    return float(np.sum(excess) % (4 * np.pi))


def _unrolled(ring: np.ndarray) -> np.ndarray:
    """A planar ring moved by turns, so that its first vertex is within ±180."""
    lon = ring[:, 0] - ring[0, 0] + (ring[0, 0] + 180) % 360 - 180
    if np.ptp(lon) > _WIDEST:
        raise invalid(f"a ring of {np.ptp(lon):g} degrees of longitude; at most {_WIDEST:g}", "region")
    return np.stack([lon, ring[:, 1]], axis=1)


def _off(step: float) -> float:
    """More than what an arc is off a planar edge as long as step in degrees: an eighth of the second derivative."""
    return 0.55 * float(np.radians(step)) ** 2


def _cut(ring: np.ndarray, step: float) -> np.ndarray:
    """A planar ring with its edges cut into arcs; an open one goes there and back."""
    parts = [ring[:1]]
    for a, b in zip(ring, np.roll(ring, -1, axis=0)):
        steps = max(int(np.ceil(np.abs(b - a).max() / step)), 1)
        parts.append(a + (b - a) * (np.arange(1, steps + 1) / steps)[:, None])
    return np.concatenate(parts)


def _inside_planar(rings: list[np.ndarray], lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Whether an odd number of rings have each point inside, at any turn."""
    odd = np.zeros(len(lon), bool)
    for ring in rings:
        if len(ring) < 3:
            continue
        (x0, y0), (x1, y1) = ring.T[:, :, None], np.roll(ring, -1, axis=0).T[:, :, None]
        across = (y0 <= lat) != (y1 <= lat)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = x0 + (lat - y0) * (x1 - x0) / (y1 - y0)
        west, east = float(ring[:, 0].min()), float(ring[:, 0].max())
        at = lon + 360 * np.ceil((west - lon) / 360)
        inside = np.zeros(len(lon), bool)
        for turn in range(int((east - west) // 360) + 1):
            inside |= np.count_nonzero(across & (at + 360 * turn < x), axis=0) % 2 == 1
        odd ^= inside
    return odd
