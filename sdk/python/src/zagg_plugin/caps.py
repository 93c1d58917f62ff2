"""Which caps of the sphere a region may meet: what a grid needs to cover regions by shards.

Latitudes are taken as they are, as on a sphere. Angles inside are radians.
"""

from __future__ import annotations

import numpy as np

from .region import Region

EARTH_RADIUS = 6371008.8  # metres
_FLATTENING = 1.004  # a metre is at most so much more of an angle of latitude than on the sphere
_STEP = 0.25  # degrees: planar edges are cut into arcs of this length
_SLACK = 1e-5  # more than what such an arc is off the edge


def meets(region: Region, lon: np.ndarray, lat: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Whether the region may have a point in each cap around (lon, lat) with a radius in degrees: bool (caps,).

    Never False for a cap that it meets. True for few others: a cap is told by its distance from the region's edges,
    and by whether its centre is inside.
    """
    centers = vectors(lon, lat)
    reach = np.radians(radius) + region.margin / EARTH_RADIUS * _FLATTENING + 1e-9
    found = reach >= np.pi
    for polygon in region.polygons:
        rings = [_planar_ring(r) if region.planar else vectors(r[:, 0], r[:, 1]) for r in polygon]
        for ring in rings:
            found |= _distance(centers, ring, closed=len(ring) > 2) <= reach + (_SLACK if region.planar else 0)
        if region.planar:
            found |= _inside_planar(polygon, lon, lat)
        else:
            found |= _inside([r for r in map(_distinct, rings) if len(r) > 2], centers, region.oriented)
    return found


def vectors(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Unit vectors of degrees, (n, 3)."""
    lam, phi = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def _planar_ring(ring: np.ndarray) -> np.ndarray:
    """The vertices of a planar ring, cut into short arcs."""
    ends = np.roll(ring, -1, axis=0) if len(ring) > 2 else ring[1:]
    parts = [ring[:1]]
    for a, b in zip(ring, ends):
        steps = max(int(np.ceil(np.abs(b - a).max() / _STEP)), 1)
        parts.append(a + (b - a) * (np.arange(1, steps + 1) / steps)[:, None])
    points = np.concatenate(parts)
    return vectors(points[:, 0], points[:, 1])


def _distinct(ring: np.ndarray) -> np.ndarray:
    """A ring without vertices that repeat the one before."""
    return ring[np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1) > 1e-12]


def _distance(centers: np.ndarray, ring: np.ndarray, closed: bool) -> np.ndarray:
    """The angle from each centre to the nearest of a ring's arcs."""
    best = _angle(centers, ring[0])
    ends = np.roll(ring, -1, axis=0) if closed else ring[1:]
    for a, b in zip(ring, ends):
        best = np.minimum(best, _angle(centers, b))
        normal = np.cross(a, b)
        size = np.linalg.norm(normal)
        if size < 1e-15:
            continue
        normal /= size
        between = (centers @ np.cross(normal, a) >= 0) & (centers @ np.cross(b, normal) >= 0)
        across = np.abs(np.arcsin(np.clip(centers @ normal, -1, 1)))
        best = np.where(between, np.minimum(best, across), best)
    return best


def _angle(centers: np.ndarray, p: np.ndarray) -> np.ndarray:
    return np.arctan2(np.linalg.norm(np.cross(centers, p), axis=-1), centers @ p)


def _inside(rings: list[np.ndarray], centers: np.ndarray, oriented: bool) -> np.ndarray:
    """Whether an odd number of rings have each centre inside. Inside is the smaller side, or the left of an oriented shell."""
    odd = np.zeros(len(centers), bool)
    for i, ring in enumerate(rings):
        left = _left(ring, centers)
        if not oriented:
            odd ^= left if _area(ring) <= 2 * np.pi else ~left
        elif i == 0:
            odd ^= left
        else:  # a hole is the side without the shell
            shell = rings[0][0] + rings[0][1]
            odd ^= left != _left(ring, (shell / np.linalg.norm(shell))[None])[0]
    return odd


def _area(ring: np.ndarray) -> float:
    """The area on the left of a ring, 0 to 4 pi (Eriksson 1990, Mathematics Magazine 63, 184)."""
    a, b, c = ring[0], ring[1:-1], ring[2:]
    excess = 2 * np.arctan2(np.cross(b, c) @ a, 1 + b @ a + np.sum(b * c, axis=1) + c @ a)
    return float(np.sum(excess) % (4 * np.pi))


def _left(ring: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Whether each centre is on the left of a ring: it is if the way from a point just left of the first edge crosses
    the ring an even number of times. Centres are moved a little, so that no way goes through a vertex; those so near an edge are
    found by their distance."""
    a, b = ring, np.roll(ring, -1, axis=0)
    start = a[0] + b[0]
    start = start / np.linalg.norm(start) + 1e-7 * np.cross(a[0], b[0]) / np.linalg.norm(np.cross(a[0], b[0]))
    start /= np.linalg.norm(start)
    moved = centers + 1e-9 * np.array([0.6180339, 0.3247179, 0.7548776])
    normals = np.cross(a, b)
    side = moved @ normals.T
    from_start = start @ normals.T
    way = np.cross(start, moved)
    crosses = (side * from_start < 0) & ((way @ a.T) * (way @ b.T) < 0)
    # The two great circles cross twice; it counts where arcs and way cross at the same of the two points.
    point = np.cross(way[:, None, :], normals[None, :, :])
    middle = (a + b)[None]
    same = np.sum(point * middle, axis=2) * np.sum(point * (start + moved)[:, None, :], axis=2) > 0
    return np.sum(crosses & same, axis=1) % 2 == 0


def _inside_planar(polygon: tuple[np.ndarray, ...], lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Whether points are inside a polygon of the plane of longitude and latitude, at any turn."""
    found = np.zeros(len(lon), bool)
    for turn in (-720, -360, 0, 360, 720):
        x, odd = lon + turn, np.zeros(len(lon), bool)
        for ring in polygon:
            for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0)):
                if y0 != y1:
                    odd ^= ((y0 <= lat) != (y1 <= lat)) & (x < x0 + (lat - y0) * (x1 - x0) / (y1 - y0))
        found |= odd
    return found
