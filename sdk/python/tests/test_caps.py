import numpy as np
import pytest

from zagg_plugin import Error, Region
from zagg_plugin.caps import meets, vectors


def around(lon, lat, radius, n, rng):
    """A ring of n vertices around a point, radius in degrees."""
    c = vectors(lon, lat)
    u = np.cross(c, [0.3, 0.4, 0.5])
    u /= np.linalg.norm(u)
    v = np.cross(c, u)
    t = np.sort(rng.random(n)) * 2 * np.pi
    r = np.radians(radius * (0.5 + 0.5 * rng.random(n)))
    p = c * np.cos(r)[:, None] + (u * np.cos(t)[:, None] + v * np.sin(t)[:, None]) * np.sin(r)[:, None]
    return np.stack([np.degrees(np.arctan2(p[:, 1], p[:, 0])), np.degrees(np.arcsin(np.clip(p[:, 2], -1, 1)))], axis=1), c


@pytest.mark.parametrize("place", [(0, 0), (180, 10), (-179.9, -60), (30, 90), (12, -90), (100, 88)])
@pytest.mark.parametrize("oriented", [False, True])
@pytest.mark.parametrize("clockwise", [False, True])
def test_centre_of_stars(place, oriented, clockwise):
    rng = np.random.default_rng(1)
    ring, c = around(*place, 20, 40, rng)
    region = Region(((ring[::-1] if clockwise else ring,),), oriented=oriented)
    lon, lat = np.array([place[0], place[0] + 180.0]), np.array([place[1], -place[1]], float)
    inside, opposite = meets(region, lon, lat, np.full(2, 0.01))
    turned = oriented and clockwise
    assert inside != turned and opposite == turned


def test_smaller_side_of_random_points():
    rng = np.random.default_rng(2)
    ring, c = around(77, -81, 25, 60, rng)
    p = rng.normal(size=(4000, 3))
    p /= np.linalg.norm(p, axis=1)[:, None]
    lon, lat = np.degrees(np.arctan2(p[:, 1], p[:, 0])), np.degrees(np.arcsin(p[:, 2]))
    got = meets(Region(((ring,),)), lon, lat, np.zeros(4000))
    away = np.degrees(np.arccos(np.clip(p @ c, -1, 1)))
    assert got[away < 10].all() and not got[away > 26].any()
    assert meets(Region(((ring,),), margin=3e6), lon, lat, np.zeros(4000))[away < 12 + 26].all()


def test_hole():
    outer, inner = np.array([[0, 0], [40, 0], [40, 40], [0, 40]]), np.array([[10, 10], [30, 10], [30, 30], [10, 30]])
    lon, lat = np.array([5.0, 20, 50]), np.array([20.0, 20, 20])
    for planar in (False, True):
        assert list(meets(Region(((outer, inner),), planar=planar), lon, lat, np.full(3, 0.1))) == [True, False, False]
    assert list(meets(Region(((outer, inner[::-1]),), oriented=True), lon, lat, np.full(3, 0.1))) == [True, False, False]


def test_planar_box_of_all_longitudes():
    box = np.array([[-180, 60], [180, 60], [180, 90], [-180, 90]])
    got = meets(Region(((box,),), planar=True), np.array([0.0, 170, -175, 0]), np.array([75.0, 89, 61, 50]), np.full(4, 0.5))
    assert list(got) == [True, True, True, False]


def test_track_and_point():
    track = Region(((np.array([[0, -10], [2, 10]]),),), margin=10_000)
    assert list(meets(track, np.array([1.0, 1.3, 3]), np.zeros(3), np.full(3, 0.2))) == [True, False, False]
    point = Region(((np.array([[10.0, 10.0]]),),))
    assert list(meets(point, np.array([10.0, 11]), np.array([10.0, 10]), np.full(2, 0.5))) == [True, False]
    assert list(meets(Region(), np.zeros(1), np.zeros(1), np.ones(1))) == [False]


def degrees(p):
    return np.degrees(np.arctan2(p[..., 1], p[..., 0])), np.degrees(np.arcsin(np.clip(p[..., 2], -1, 1)))


def nearby(p, angle, rng):
    """Places that are angle radians away from p, in any direction."""
    d = np.cross(p, rng.normal(size=p.shape))
    d /= np.linalg.norm(d, axis=1)[:, None]
    return p * np.cos(angle)[:, None] + d * np.sin(angle)[:, None]


def check(region, inside, rng):
    """Caps that hold a point of the region are found; most that are apart are not."""
    size = 10 ** rng.uniform(-3, 1.3, len(inside))  # degrees
    at = nearby(inside, np.radians(size) * np.sqrt(rng.random(len(inside))), rng)
    lon, lat = degrees(at)
    turns = 360.0 * rng.integers(-1, 2, len(lon))
    missed = ~meets(region, lon + turns, lat, size)
    assert not missed.any(), (region, lon[missed], lat[missed], size[missed])


@pytest.mark.parametrize("seed", range(40))
def test_never_misses_stars(seed):
    """Polygons around a point are triangles with it; points of these are in them, whichever way they turn."""
    rng = np.random.default_rng([7, seed])
    lon, lat = degrees(rng.normal(size=3) if seed % 4 else np.array([[1e-9, 0, 1], [-1, 0, 0.1], [0, 0, -1], [1, 1, -30]][seed // 4 % 4]))
    radius = 10 ** rng.uniform(-1, 1.8)
    ring, c = around(lon, lat, radius, int(rng.integers(8, 200)), rng)
    ring = ring[::-1] if seed % 2 else ring
    p = vectors(ring[:, 0], ring[:, 1])
    q = np.roll(p, -1, axis=0)
    left = np.cross(p, q) @ c
    if (left > 0).any() and (left < 0).any():
        pytest.skip("a gap of more than half a turn")
    i, w = rng.integers(len(p), size=400), rng.dirichlet([0.4] * 3, 400)
    inside = w[:, :1] * p[i] + w[:, 1:2] * q[i] + w[:, 2:] * c
    inside /= np.linalg.norm(inside, axis=1)[:, None]
    margin = float(rng.choice([0, 1e3, 1e5]))
    region = Region(((ring,),), margin=margin, oriented=bool((left > 0).all()))
    check(region, nearby(inside, rng.random(400) * margin / 6.4e6, rng), rng)
    far = rng.normal(size=(400, 3))
    far /= np.linalg.norm(far, axis=1)[:, None]
    apart = np.degrees(np.arccos(np.clip(far @ c, -1, 1))) - radius - np.degrees(margin / 6.3e6)
    assert not meets(region, *degrees(far), np.maximum(apart - 0.01, 0) * 0.99)[apart > 0.02].any()


@pytest.mark.parametrize("seed", range(40))
def test_never_misses_planar(seed):
    rng = np.random.default_rng([8, seed])
    x, y = rng.uniform(-400, 400), rng.uniform(-90, 90)
    t = np.sort(rng.random(int(rng.integers(6, 60)))) * 2 * np.pi
    ring = np.stack([x + 10 ** rng.uniform(-1, 2.3) * np.cos(t), np.clip(y + 10 ** rng.uniform(-1, 1.9) * np.sin(t), -90, 90)], axis=1)
    i, w = rng.integers(len(t), size=400), rng.dirichlet([0.4] * 3, 400)
    # An ellipse cut at the poles is convex: points between its vertices are in it.
    place = w[:, :1] * ring[i] + w[:, 1:2] * np.roll(ring, -1, axis=0)[i] + w[:, 2:] * ring.mean(axis=0)
    check(Region(((ring[:: 1 - 2 * (seed % 2)],),), planar=True), vectors(place[:, 0], place[:, 1]), rng)


@pytest.mark.parametrize("planar", [False, True])
def test_never_misses_tracks(planar):
    rng = np.random.default_rng(9)
    for _ in range(40):
        track = np.stack([rng.uniform(-200, 200, 2), rng.uniform(-90, 90, 2)], axis=1)
        t = rng.random((100, 1))
        if planar:
            p = vectors(*(track[:1] * t + track[1:] * (1 - t)).T)
        else:
            ends = vectors(*track.T)
            p = ends[:1] * t + ends[1:] * (1 - t)
            p /= np.linalg.norm(p, axis=1)[:, None]
        check(Region(((track,),), planar=planar), p, rng)


def test_a_ring_wider_than_a_map_is_refused():
    ring = np.array([[0, 0], [1e7, 0], [1e7, 1.0]])
    with pytest.raises(Error, match="degrees of longitude"):
        meets(Region(((ring,),), planar=True), np.zeros(1), np.zeros(1), np.ones(1))
